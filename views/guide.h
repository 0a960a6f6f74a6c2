/* SPDX-License-Identifier: MIT */
/* Guide: what the page in focus shows, with the figures that it shows now, and the meaning of every term on
 * it.
 *
 * A page's text and its list of terms are in one table in guide.c, by view. A view without a row is explained
 * by the text below its own chart. Terms of the first line of the screen follow on every page.
 *
 * Example (const Scene *scene):
 *     Words words = {0};
 *     guide_tell_page(&words, scene);
 *     for (size_t i = 0; guide_page_term(scene, i); i++)
 *         guide_tell_term(&words, scene, guide_page_term(scene, i));
 */
#ifndef VIEWS_GUIDE_H
#define VIEWS_GUIDE_H

#include "views/panels/words.h"

/* A term, its meaning in one or two sentences, and its figure now: NULL where it has none. */
typedef struct Term {
    const char *name, *meaning;
    void (*now)(Words *words, const Scene *scene);
} Term;

/* Three sentences for a person who sees the program for the first time. */
void guide_tell_welcome(Words *words, const Scene *scene);

/* What the page of the panel in front shows. */
void guide_tell_page(Words *words, const Scene *scene);

/* The i-th term of that page, or of the screen's first line; NULL after the last. */
const Term *guide_page_term(const Scene *scene, size_t i);
const Term *guide_header_term(size_t i);

/* Appends the meaning and the figure. */
void guide_tell_term(Words *words, const Scene *scene, const Term *term);

#endif
