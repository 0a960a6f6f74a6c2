/* Completions for bash, zsh and fish: commands, the options of each, values where they are a few words, files
 * elsewhere. In all of them the command is the first word that is one; without one it is explore. */
#include "app/cli/options.h"
#include "app/pages/pages.h"

#include <string.h>

static bool is_file(const OptionEntry *entry)
{
    return entry->value && strcmp(entry->value, "FILE") == 0;
}

static bool takes(Command command, const OptionEntry *entry)
{
    return entry->commands & 1u << command;
}

/* Text inside single quotes: `quote` stands for one of them, and what `special` names gets a backslash. */
static void put_quoted(FILE *file, const char *text, const char *quote, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs(quote, file);
            continue;
        }
        if (strchr(special, *text)) fputc('\\', file);
        fputc(*text, file);
    }
}

static bool has_choices(const OptionEntry *entry)
{
    char word[OPTION_CHOICE];
    return option_choice(word, entry, 0) != NULL;
}

/* The words that the value may be, a blank between them. */
static void put_choices(FILE *file, const OptionEntry *entry)
{
    char word[OPTION_CHOICE];
    const char *choice;
    for (size_t i = 0; (choice = option_choice(word, entry, i)) != NULL; i++)
        fprintf(file, "%s%s", i ? " " : "", choice);
}

static void put_commands(FILE *file, const char *between)
{
    for (size_t c = 0; c < COMMAND_COUNT; c++)
        fprintf(file, "%s%s", c ? between : "", command_name((Command)c));
}

/* --- bash ------------------------------------------------------------------------------------------- */

static const char bash_body[] =
    "# Completes the value of an option from $values.\n"
    "_bitstitch_value() { # WORD\n"
    "  if [[ $values == FILE ]]; then\n"
    "    compopt -o filenames 2> /dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$1\")\n"
    "  else\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$1\")\n"
    "  fi\n"
    "}\n"
    "\n"
    "_bitstitch_network() { # WORD\n"
    "  compopt -o filenames 2> /dev/null\n"
    "  mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(\n"
    "    compgen -f -X '!*.onnx' -- \"$1\"; compgen -f -X '!*.json' -- \"$1\"; compgen -d -- \"$1\")\n"
    "}\n"
    "\n"
    "# Bash makes three words of --bits=4.\n"
    "_bitstitch() {\n"
    "  local word=${COMP_WORDS[COMP_CWORD]} command= network= values= i\n"
    "  COMPREPLY=()\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    if _bitstitch_takes \"${COMP_WORDS[i]}\"; then\n"
    "      if [[ ${COMP_WORDS[++i]} == = ]]; then\n"
    "        if ((i == COMP_CWORD)); then word=; else ((++i)); fi\n"
    "      fi\n"
    "      if ((i == COMP_CWORD)); then _bitstitch_value \"$word\"; return; fi\n"
    "    elif [[ ${COMP_WORDS[i]} != -* ]]; then\n"
    "      if [[ ! $command$network && \" $_bitstitch_commands \" == *\" ${COMP_WORDS[i]} \"* ]]\n"
    "      then command=${COMP_WORDS[i]}\n"
    "      else network=${COMP_WORDS[i]}\n"
    "      fi\n"
    "    fi\n"
    "  done\n"
    "  if [[ $word == -* ]]; then\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$(_bitstitch_options \"${command:-explore}\")\" -- "
    "\"$word\")\n"
    "    return\n"
    "  fi\n"
    "  if [[ $network ]]; then return; fi\n"
    "  if [[ ! $command ]]; then\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$_bitstitch_commands\" -- \"$word\")\n"
    "  fi\n"
    "  _bitstitch_network \"$word\"\n"
    "}\n"
    "\n"
    "complete -F _bitstitch bitstitch\n";

static void put_bash_options(FILE *file)
{
    fprintf(file, "_bitstitch_options() { # COMMAND\n  case $1 in\n");
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        fprintf(file, "    %s) echo '", command_name((Command)c));
        for (size_t i = 0; i < OPTION_COUNT; i++)
            if (takes((Command)c, &option_table[i])) fprintf(file, "--%s ", option_table[i].name);
        fprintf(file, "--help --version' ;;\n");
    }
    fprintf(file, "  esac\n}\n\n");
}

static void put_bash_values(FILE *file)
{
    fprintf(file, "# Whether the option takes a value; then $values is FILE, or the words that it may be.\n"
                  "_bitstitch_takes() { # OPTION\n  case $1 in\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!option_table[i].value) continue;
        fprintf(file, "    --%s) values='%s", option_table[i].name, is_file(&option_table[i]) ? "FILE" : "");
        put_choices(file, &option_table[i]);
        fprintf(file, "' ;;\n");
    }
    fprintf(file, "    *) return 1 ;;\n  esac\n}\n\n");
}

bool page_bash(FILE *file)
{
    fprintf(file, "# Completion of bitstitch for bash, made from its table of options.\n\n"
                  "_bitstitch_commands='");
    put_commands(file, " ");
    fprintf(file, "'\n\n");
    put_bash_options(file);
    put_bash_values(file);
    fputs(bash_body, file);
    return true;
}

/* --- zsh -------------------------------------------------------------------------------------------- */

static void put_zsh_option(FILE *file, const OptionEntry *entry)
{
    fprintf(file, "      '--%s%s[", entry->name, entry->value ? "=" : "");
    put_quoted(file, entry->help, "'\\''", "[]\\");
    fprintf(file, "]");
    if (entry->value) fprintf(file, ":%s:", entry->value);
    if (is_file(entry)) {
        fprintf(file, "_files");
    } else if (has_choices(entry)) {
        fprintf(file, "(");
        put_choices(file, entry);
        fprintf(file, ")");
    } else if (entry->value) {
        fprintf(file, " ");
    }
    fprintf(file, "'\n");
}

static void put_zsh_options(FILE *file, Command command)
{
    fprintf(file, "    (%s) options=(\n", command_name(command));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (takes(command, &option_table[i])) put_zsh_option(file, &option_table[i]);
    fprintf(file, "      '--help[what the command takes]'\n      '--version[version and libraries in use]'\n"
                  "    ) ;;\n");
}

static void put_zsh_commands(FILE *file)
{
    fprintf(file, "_bitstitch_first() {\n  local -a commands=(\n");
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        fprintf(file, "    '%s:", command_name((Command)c));
        put_quoted(file, command_help((Command)c), "'\\''", "\\:");
        fprintf(file, "'\n");
    }
    fprintf(file, "  )\n  _describe -t commands command commands\n  _bitstitch_network\n}\n\n");
}

bool page_zsh(FILE *file)
{
    fprintf(file, "#compdef bitstitch\n# Completion of bitstitch for zsh, made from its table of options.\n\n"
                  "_bitstitch_network() { _files -g '*.(onnx|json)' }\n\n");
    put_zsh_commands(file);
    fprintf(
        file,
        "_bitstitch() {\n  local command= word\n  local -a options\n  for word in $words[2,CURRENT-1]; do\n"
        "    case $word in (");
    put_commands(file, "|");
    fprintf(file, ") command=$word; break ;; esac\n  done\n  case ${command:-explore} in\n");
    for (size_t c = 0; c < COMMAND_COUNT; c++) put_zsh_options(file, (Command)c);
    fprintf(file, "  esac\n  if [[ -n $command ]]; then options+=('2:network:_bitstitch_network'); fi\n"
                  "  _arguments $options '1:command or network:_bitstitch_first'\n}\n\n_bitstitch \"$@\"\n");
    return true;
}

/* --- fish ------------------------------------------------------------------------------------------- */

static void put_fish_option(FILE *file, const OptionEntry *entry)
{
    fprintf(file, "complete -c bitstitch -n '__bitstitch_command");
    for (size_t c = 0; c < COMMAND_COUNT; c++)
        if (takes((Command)c, entry)) fprintf(file, " %s", command_name((Command)c));
    fprintf(file, "' -l %s", entry->name);
    if (is_file(entry)) fprintf(file, " -r -F");
    if (entry->value && !is_file(entry)) {
        fprintf(file, " -x -a '");
        put_choices(file, entry);
        fprintf(file, "'");
    }
    fprintf(file, " -d '");
    put_quoted(file, entry->help, "\\'", "\\");
    fprintf(file, "'\n");
}

static void put_fish_commands(FILE *file)
{
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        fprintf(file,
                "complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a %s -d '",
                command_name((Command)c));
        put_quoted(file, command_help((Command)c), "\\'", "\\");
        fprintf(file, "'\n");
    }
}

bool page_fish(FILE *file)
{
    fprintf(file, "# Completion of bitstitch for fish, made from its table of options.\n\n"
                  "set -g __bitstitch_commands ");
    put_commands(file, " ");
    fprintf(file, "\n\n# Whether the command is one of these.\n"
                  "function __bitstitch_command\n"
                  "    for word in (commandline -opc)\n"
                  "        if contains -- $word $__bitstitch_commands\n"
                  "            contains -- $word $argv\n"
                  "            return\n"
                  "        end\n"
                  "    end\n"
                  "    contains -- explore $argv\n"
                  "end\n\n");
    put_fish_commands(file);
    for (size_t i = 0; i < OPTION_COUNT; i++) put_fish_option(file, &option_table[i]);
    fprintf(file, "complete -c bitstitch -l help -d 'what the command takes'\n"
                  "complete -c bitstitch -l version -d 'version and libraries in use'\n");
    return true;
}
