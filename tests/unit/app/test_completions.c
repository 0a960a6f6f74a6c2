/* SPDX-License-Identifier: MIT */
/* The completions in app/pages/ know every command and option, with its values and the commands that take it.
 */
#include "app/cli/option_values.h"
#include "base/file.h"
#include "scratch.h"

#define FOLDER SOURCE_ROOT "/app/pages/"

/* The words that a value may be, separated by `between`; "" where there are none. */
static void join_choices(char *out, size_t capacity, const OptionEntry *entry, const char *between)
{
    char word[OPTION_CHOICE];
    const char *choice;
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; (choice = option_choice(word, entry, i)) != NULL; i++)
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", i ? between : "", choice);
}

static void join_commands(char *out, size_t capacity, const OptionEntry *entry)
{
    size_t used = 0;
    for (Command c = 0; c < COMMAND_COUNT; c++)
        if (option_taken(entry, c))
            used += (size_t)snprintf(out + used, capacity - used, "%s%s", used ? " " : "", command_name(c));
}

static bool is_path(const OptionEntry *entry)
{
    return entry->value && (strcmp(entry->value, "FILE") == 0 || strcmp(entry->value, "PATH") == 0);
}

/* What a line is to hold, before and behind a description. */
typedef struct Line {
    char before[512], behind[256];
} Line;

static Line bash_line(const OptionEntry *entry)
{
    Line line = {"", ""};
    char commands[128], choices[128];
    join_commands(commands, sizeof commands, entry);
    join_choices(choices, sizeof choices, entry, "|");
    const char *value = !entry->value ? "-" : is_path(entry) ? "FILE" : choices[0] ? choices : "ANY";
    snprintf(line.before, sizeof line.before, "\n%s %s %s\n", entry->name, value, commands);
    return line;
}

static Line zsh_line(const OptionEntry *entry)
{
    Line line = {"", ""};
    char commands[128], choices[128];
    join_commands(commands, sizeof commands, entry);
    join_choices(choices, sizeof choices, entry, " ");
    snprintf(line.before, sizeof line.before, "\n  '%s' '--%s%s[", commands, entry->name,
             entry->value ? "=" : "");
    if (!entry->value)
        snprintf(line.behind, sizeof line.behind, "]'\n");
    else if (is_path(entry))
        snprintf(line.behind, sizeof line.behind, "]:%s:_files'\n", entry->value);
    else if (choices[0])
        snprintf(line.behind, sizeof line.behind, "]:%s:(%s)'\n", entry->value, choices);
    else
        snprintf(line.behind, sizeof line.behind, "]:%s: '\n", entry->value);
    return line;
}

static Line fish_line(const OptionEntry *entry)
{
    Line line = {"", "'\n"};
    char commands[128], choices[128], value[160] = "";
    join_commands(commands, sizeof commands, entry);
    join_choices(choices, sizeof choices, entry, " ");
    if (is_path(entry))
        snprintf(value, sizeof value, " -r -F");
    else if (entry->value)
        snprintf(value, sizeof value, " -x -a '%s'", choices);
    snprintf(line.before, sizeof line.before,
             "\ncomplete -c bitstitch -n '__bitstitch_command %s' -l %s%s -d '", commands, entry->name,
             value);
    return line;
}

static bool has_line(const char *text, const Line *line)
{
    const char *found = strstr(text, line->before);
    if (!found) return false;
    found += strlen(line->before) - 1;
    if (!line->behind[0]) return *found == '\n';
    return strncmp(found + strcspn(found, "\n") + 1 - strlen(line->behind), line->behind,
                   strlen(line->behind)) == 0;
}

static size_t count(const char *text, const char *piece)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, piece)) != NULL; at += strlen(piece)) found++;
    return found;
}

/* Prints the lines that are missing. `option` stands on every line of an option and nowhere else. */
static void check(const char *name, Line (*line_of)(const OptionEntry *), const char *option, size_t others)
{
    char path[512], *text;
    size_t size, missing = 0;
    snprintf(path, sizeof path, "%s%s", FOLDER, name);
    assert_int_equal(file_read(&text, &size, path, 1 << 20, &message), STATUS_OK);
    for (const OptionEntry *entry = option_table; entry < option_table + option_count; entry++) {
        const Line line = line_of(entry);
        if (has_line(text, &line)) continue;
        const char *behind = line.behind[0] ? line.behind : "\n";
        print_error("app/pages/%s: write, or correct, the line of --%s:%.*s%s%s", name, entry->name,
                    (int)strcspn(line.before + 1, "\n") + 1, line.before, line.behind[0] ? entry->help : "",
                    behind);
        missing++;
    }
    for (Command c = 0; c < COMMAND_COUNT; c++)
        if (!strstr(text, command_name(c))) {
            print_error("app/pages/%s: the command %s is missing\n", name, command_name(c));
            missing++;
        }
    if (option && count(text, option) != option_count + others) {
        print_error("app/pages/%s: %zu options, and the program has %zu: one was removed or renamed\n", name,
                    count(text, option) - others, option_count);
        missing++;
    }
    free(text);
    assert_int_equal(missing, 0);
}

static void bash_knows_all_options(void **state)
{
    check("bitstitch.bash", bash_line, NULL, 0);
}

static void zsh_knows_all_options(void **state)
{
    check("_bitstitch", zsh_line, "' '--", 2);
}

static void fish_knows_all_options(void **state)
{
    check("bitstitch.fish", fish_line, " -l ", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bash_knows_all_options),
        cmocka_unit_test(zsh_knows_all_options),
        cmocka_unit_test(fish_knows_all_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
