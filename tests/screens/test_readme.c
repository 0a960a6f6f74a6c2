/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
/* README.md shows the screen and app/README.md the keys as they are. The screen is drawn from recorded
 * numbers, with the footer of the program's own keys. BITSTITCH_RENEW_SCREENS=1 writes both again. */
#include "app/explorer/key_table.h"
#include "app/pages/pages.h"
#include "base/file.h"
#include "base/file_replace.h"
#include "base/text.h"
#include "recorded.h"
#include "views/screen.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRONT_PAGE SOURCE_ROOT "/README.md"
#define APP_PAGE SOURCE_ROOT "/app/README.md"
#define COLUMNS 110
#define ROWS 30

/* The text between the first two fences after a heading. */
typedef struct Block {
    const char *start, *end;
} Block;

static Block find_block(const char *page, const char *heading)
{
    static const char fence[] = "```\n";
    const char *section = strstr(page, heading);
    assert_non_null(section);
    const char *opening = strstr(section, fence);
    assert_non_null(opening);
    const char *closing = strstr(opening + strlen(fence), fence);
    assert_non_null(closing);
    return (Block){opening + strlen(fence), closing};
}

static void read_page(char **page, const char *path)
{
    size_t size;
    assert_int_equal(file_read(page, &size, path, 1 << 20, NULL), STATUS_OK);
}

static void renew(const char *path, const char *heading, const Text *shown)
{
    Text renewed = {0};
    char *page = NULL;
    read_page(&page, path);
    const Block block = find_block(page, heading);
    text_append(&renewed, "%.*s%s%s", (int)(block.start - page), page, shown->data, block.end);
    assert_false(renewed.failed);
    assert_int_equal(file_replace(path, renewed.data, renewed.length, NULL), STATUS_OK);
    text_free(&renewed);
    free(page);
}

/* The block after the heading holds the text `shown`. */
static void check_block(const char *path, const char *heading, const Text *shown)
{
    const char *wanted = getenv("BITSTITCH_RENEW_SCREENS");
    assert_false(shown->failed);
    if (wanted && strcmp(wanted, "1") == 0) renew(path, heading, shown);
    char *page = NULL;
    read_page(&page, path);
    const Block block = find_block(page, heading);
    const bool same = (size_t)(block.end - block.start) == shown->length &&
                      memcmp(block.start, shown->data, shown->length) == 0;
    if (!same)
        print_error("%s, '%s' differs: BITSTITCH_RENEW_SCREENS=1 meson test readme writes it\n", path,
                    heading);
    assert_true(same);
    free(page);
}

/* As a person sees it who has not compared methods. */
static void forget_methods(Recorded *recorded)
{
    for (size_t l = 0; l < RECORDED_LAYERS; l++)
        for (size_t m = 0; m < METHOD_COUNT; m++) recorded->states[l].methods[m] = NAN;
}

static void opens_with_the_screen(void **state)
{
    Text shown = {0};
    Canvas canvas = {.unicode = true};
    Recorded *recorded = recorded_create();
    assert_non_null(recorded);
    HelpLine *help = key_help_create(&recorded->scene.help_count);
    assert_non_null(help);
    recorded->scene.help = help;
    forget_methods(recorded);
    assert_int_equal(canvas_resize(&canvas, ROWS, COLUMNS, NULL), STATUS_OK);
    screen_draw(&canvas, &recorded->scene);
    canvas_dump(&shown, &canvas, false);
    check_block(FRONT_PAGE, "# bitstitch", &shown);
    canvas_free(&canvas);
    text_free(&shown);
    free(help);
    recorded_free(recorded);
}

static void lists_the_keys(void **state)
{
    char *list = NULL;
    size_t size;
    Text shown = {0};
    FILE *file = open_memstream(&list, &size);
    assert_non_null(file);
    assert_true(page_keys(file));
    assert_int_equal(fclose(file), 0);
    text_append(&shown, "%s", list);
    check_block(APP_PAGE, "\n## Keys\n", &shown);
    text_free(&shown);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(opens_with_the_screen),
                                       cmocka_unit_test(lists_the_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
