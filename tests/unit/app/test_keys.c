/* SPDX-License-Identifier: MIT */
#include "app/explorer/key_table.h"
#include "app/explorer/keys.h"
#include "scratch.h"
#include "views/canvas/terminal.h"
#include "views/lesson.h"

/* Prints what is wrong before it fails. */
static void fail_at(const KeyEntry *entry, const char *what)
{
    char name[KEY_NAME];
    print_error("%s, '%s': %s\n", key_heading(entry), key_name(name, entry->keys[0]), what);
    fail();
}

static int last_key(const KeyEntry *entry, size_t i)
{
    return entry->range ? entry->keys[1] : entry->keys[i];
}

static size_t key_count(const KeyEntry *entry)
{
    size_t count = 0;
    while (count < KEYS_PER_ENTRY && entry->keys[count]) count++;
    return entry->range ? 1 : count;
}

/* Returns the number of entries of a context that have a key. */
static size_t entries_with(KeyContext context, int key)
{
    size_t count = 0;
    for (size_t e = 0; e < key_table_count; e++) {
        const KeyEntry *entry = &key_table[e];
        for (size_t i = 0; key_context(entry) == context && i < key_count(entry); i++)
            count += key >= entry->keys[i] && key <= last_key(entry, i);
    }
    return count;
}

static void no_key_twice_in_a_context(void **state)
{
    for (size_t e = 0; e < key_table_count; e++) {
        const KeyEntry *entry = &key_table[e];
        for (size_t i = 0; i < key_count(entry); i++)
            for (int key = entry->keys[i]; key <= last_key(entry, i); key++) {
                if (entries_with(key_context(entry), key) != 1) fail_at(entry, "its key is there twice");
                assert_ptr_equal(key_find(key_context(entry), key), entry);
            }
    }
}

static void every_entry_is_whole(void **state)
{
    for (size_t e = 0; e < key_table_count; e++) {
        const KeyEntry *entry = &key_table[e];
        if (key_count(entry) == 0 || !entry->keys[0]) fail_at(entry, "no key");
        if (entry->range && entry->keys[1] <= entry->keys[0]) fail_at(entry, "an empty range");
        if (!entry->help || !entry->help[0]) fail_at(entry, "no help");
        if (!entry->handler) fail_at(entry, "no handler");
    }
}

/* Every overlay can be closed, at least by Ctrl-C. */
static void every_context_can_be_left(void **state)
{
    for (int context = 0; context < KEYS_CONTEXTS; context++)
        assert_true(key_find((KeyContext)context, CONTROL_KEY('c')));
}

static void names_are_read_back(void **state)
{
    char name[KEY_NAME], text[KEY_NAME + 2];
    for (size_t e = 0; e < key_table_count; e++)
        for (size_t i = 0; i < KEYS_PER_ENTRY && key_table[e].keys[i]; i++) {
            const int key = key_table[e].keys[i];
            const char *place = text;
            int read;
            key_name(name, key);
            snprintf(text, sizeof text, strlen(name) > 1 ? "<%s>" : "%s", name);
            assert_true(key_parse(&read, &place));
            assert_int_equal(read, key);
            assert_int_equal(*place, 0);
        }
}

static void script_keys(void **state)
{
    const char *text = " j4 <tab><Ctrl-R>\t<Lt>é∑<Esc>";
    const int expected[] = {'j', '4', '\t', CONTROL_KEY('r'), '<', 0xe9, 0x2211, KEYCODE_ESCAPE};
    int key;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(key_parse(&key, &text));
        assert_int_equal(key, expected[i]);
    }
    assert_false(key_parse(&key, &text));
    assert_int_equal(key, 0);
}

static void script_keys_that_are_none(void **state)
{
    static const char *const bad[] = {"<Foo>", "<>",       "<",        "<Tab",
                                      "\xff",  "\xc0\x80", "\xe2\x82", "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *text = bad[i];
        int key;
        assert_false(key_parse(&key, &text));
        assert_int_equal(key, -1);
    }
}

static void the_lesson_finds_its_keys(void **state)
{
    for (size_t i = 0; lesson_actions[i]; i++) {
        bool found = false;
        for (size_t e = 0; e < key_table_count; e++)
            found |= key_table[e].action && strcmp(key_table[e].action, lesson_actions[i]) == 0;
        if (!found) print_error("no key for '%s'\n", lesson_actions[i]);
        assert_true(found);
    }
}

static void help(void **state)
{
    size_t count, footers = 0;
    HelpLine *lines = key_help_create(&count);
    assert_non_null(lines);
    assert_int_equal(count, key_table_count);
    for (size_t i = 0; i < count; i++) {
        assert_true(lines[i].keys[0] && lines[i].group[0]);
        footers += lines[i].footer;
        if (key_table[i].group == GROUP_CHOOSE && key_table[i].range)
            assert_string_equal(lines[i].keys, "2-8");
        if (key_table[i].group == GROUP_MOVE && key_table[i].keys[0] == 'j')
            assert_string_equal(lines[i].keys, "j Down");
    }
    assert_true(footers >= 5);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_twice_in_a_context),
        cmocka_unit_test(every_entry_is_whole),
        cmocka_unit_test(every_context_can_be_left),
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(script_keys),
        cmocka_unit_test(script_keys_that_are_none),
        cmocka_unit_test(help),
        cmocka_unit_test(the_lesson_finds_its_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
