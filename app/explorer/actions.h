/* SPDX-License-Identifier: MIT */
/* Actions: what keys and the mouse do to the session: to the scene, the plan and the worker.
 *
 * Keys, scripts and tests all go through act_on_key(). It looks the key up in app/explorer/key_table.h and
 * calls the row's handler; the handlers are below, by the file that has them. Those of a line being typed are
 * in app/explorer/prompt.h. An argument that is not described is not used.
 */
#ifndef APP_ACTIONS_H
#define APP_ACTIONS_H

#include "app/explorer/session.h"
#include "views/canvas/terminal.h"

/* A key in the current context. A key that has no meaning there says so. */
void act_on_key(Session *session, int key);

/* A mouse event on the screen as it was drawn last. */
void act_on_mouse(Session *session, const TerminalEvent *event);

/* act_navigate.c: the cursor, marks, order and filter of the layers' table, and of the visited plans. */
KeyHandler act_move;      /* by `argument` rows; INT_MIN and INT_MAX: to either end */
KeyHandler act_move_page; /* -1 up, 1 down */
KeyHandler act_worst;     /* to the layer that costs most */
KeyHandler act_mark;      /* or unmarks; then moves down */
KeyHandler act_mark_all;
KeyHandler act_last_marks; /* brings the last marks back, and keeps the present ones for the next time */
KeyHandler act_sort;       /* by the next column */
KeyHandler act_rung;       /* shares of the next bound: hybrid, spectral, Frobenius */
KeyHandler act_reverse;
KeyHandler act_filter;
KeyHandler act_escape; /* clears one thing: chart cursor, lesson, filter, marks, zoom */

/* act_plan.c: edits of the plan. Those of layers change the marked layers that are shown, or the layer under
 * the cursor where none is marked. */
KeyHandler act_weight_bits;      /* to `argument` bits, or BITS_FLOAT */
KeyHandler act_step_weight_bits; /* by 1 or -1 */
KeyHandler act_ask_activation_bits;
KeyHandler act_activation_bits; /* to `argument` bits, or BITS_FLOAT */
KeyHandler act_cycle_activation_bits;
KeyHandler act_method;
KeyHandler act_grid;
KeyHandler act_effort;
KeyHandler act_mode;
KeyHandler act_compensated;
KeyHandler act_polish;
KeyHandler act_bias_correction;
KeyHandler act_undo;
KeyHandler act_redo;

/* act_work.c: what the worker is asked for. */
KeyHandler act_pause;
KeyHandler act_cancel; /* or resumes what was cancelled */
KeyHandler act_compare;
KeyHandler act_measure;
KeyHandler act_ladder_timing; /* the bounds after the accuracy, off, or at once */

/* act_view.c: panels, charts, overlays and the lesson. */
KeyHandler act_panel; /* 1: the next panel, -1: the previous one */
KeyHandler act_page;
KeyHandler act_zoom;
KeyHandler act_chart_cursor; /* -1 to the left, 1 to the right; on the page of changed images: the image */
KeyHandler act_enter;        /* details of the layer, or the plan under the chart's cursor */
KeyHandler act_network;      /* shows the graph in place of the layers' table, or the table again */
KeyHandler
    act_changed; /* shows the images whose prediction changed; if shown: sorts by class, or by margin */
KeyHandler act_pareto_axis; /* shows accuracy over cost; if shown: over the next cost */
KeyHandler act_budget;      /* shows the budget page, and asks for a budget (budget_page.c) */
KeyHandler act_guide;       /* explains the page in focus */
KeyHandler act_help;        /* lists all keys */
KeyHandler act_close;
KeyHandler act_scroll;      /* an overlay or the lesson's text, by `argument` rows */
KeyHandler act_scroll_page; /* -1 up, 1 down */
KeyHandler act_lesson;
/* Shows a step of the lesson, by index. */
void action_show_step(Session *session, size_t step);
KeyHandler act_lesson_step; /* 1: the next step, -1: the previous one */

/* act_visited.c: the list of visited plans, and the difference between two. */
KeyHandler act_visited;
KeyHandler act_return_to_visited;
KeyHandler act_visited_sort; /* by the next column */
KeyHandler act_visited_reverse;
KeyHandler act_visited_filter; /* all plans, or those alone that were evaluated */
KeyHandler act_visited_name;
KeyHandler act_visited_note;
KeyHandler act_visited_mark; /* for act_difference; again: takes the mark away */
KeyHandler act_visited_delete;
KeyHandler act_visited_undelete;
KeyHandler act_pin;             /* pins the current plan, or takes the pin away */
KeyHandler act_visited_pin;     /* the same for the selected plan */
KeyHandler act_difference;      /* from the marked plan, or else the current one, to the selected one */
KeyHandler act_back_to_visited; /* from the difference to the list */

/* act_files.c: exporting, saving, pictures and opening, which ask for a path, and answers to questions. */
KeyHandler act_export;
KeyHandler act_save;
KeyHandler act_picture; /* of the screen, as SVG */
KeyHandler act_open;
KeyHandler act_answer; /* true: yes */

/* actions.c: the program. */
KeyHandler act_mouse;
KeyHandler act_redraw;
KeyHandler act_suspend;
KeyHandler act_quit;

/* --- shared by these files ------------------------------------------------------------------------------ */

/* Rows of the layers' table, or of the overlay in front of it: at least 1. */
size_t action_page_rows(const Session *session);

/* `from` moved by `step`, within 0..count-1; 0 where there is nothing. */
size_t action_step(size_t from, size_t count, int step);

/* Scrolls the layers' table so that the cursor is in it. */
void action_show_cursor(Session *session);

/* Draws the screen, and writes it as an SVG file, whole or not at all. Refuses to replace a file that the
 * session reads (STATUS_INVALID). */
Status action_write_picture(Session *session, const char *path, Message *message);

/* Sorts the layers' table by a column, in the direction that shows the most interesting layers first. */
void action_sort_by(Session *session, SortKey sort);

/* Puts a view's panel in front and shows the view in it, without a chart cursor. */
void action_show_view(Session *session, ViewId view);

/* Puts an overlay in front, from its first line on. */
void action_show_overlay(Session *session, OverlayKind overlay);

/* Moves the cursor of the list of visited plans by `step` rows. */
void action_move_visited(Session *session, int step);

/* Sorts the list of visited plans by a column; if it is sorted by that one, reverses it. */
void action_sort_visited(Session *session, VisitedColumn column);

/* Ends the lesson, and puts cursor, panels and pages back to where they were at its start. */
void action_end_lesson(Session *session);

/* Visited plans, deleted ones included. */
size_t action_visited_count(const Session *session);

/* Makes a visited plan the current one; an index out of range is ignored. */
void action_return_to(Session *session, size_t visited);

#endif
