# Completion of bitstitch for bash.
#
# The command is the first word that is one; without one it is explore.

_bitstitch_commands='explore inspect quantize evaluate compare bound sensitivity choose'

# One row per option: its name; its value: FILE, one of several words, ANY text, or - for none; the commands that
# take it.
_bitstitch_options='
images FILE explore quantize evaluate compare bound choose
image-labels FILE explore quantize evaluate compare bound choose
evaluation-images all explore quantize evaluate compare bound choose
calibration FILE explore quantize compare bound sensitivity choose
calibration-images ANY explore quantize compare bound sensitivity choose
mean ANY explore inspect quantize evaluate compare bound sensitivity choose
std ANY explore inspect quantize evaluate compare bound sensitivity choose
labels FILE explore inspect quantize evaluate compare bound sensitivity choose
resize ANY explore quantize evaluate compare bound sensitivity choose
crop ANY explore quantize evaluate compare bound sensitivity choose
channels ANY explore quantize evaluate compare bound sensitivity choose
layout ANY explore quantize evaluate compare bound sensitivity choose
skip-bad-images - explore quantize evaluate compare bound sensitivity choose
input-shape ANY explore inspect quantize evaluate compare bound sensitivity choose
output ANY explore inspect quantize evaluate compare bound sensitivity choose
task classify|detect|segment|semantic|none explore inspect quantize evaluate compare bound sensitivity choose
bits 1|2|3|4|5|6|7|8|float explore inspect quantize compare bound choose
first-bits 1|2|3|4|5|6|7|8|float explore inspect quantize compare bound choose
last-bits 1|2|3|4|5|6|7|8|float explore inspect quantize compare bound choose
activation-bits 2|3|4|5|6|7|8|float explore inspect quantize compare bound choose
error-compensated - explore inspect quantize compare bound choose
plan FILE explore inspect quantize compare bound choose
effort paper|fast|default|thorough explore quantize compare bound sensitivity choose
method bitsplit|code-descent|gptq|gptq-polish|nearest-plane|adaround|efficientq|comq|round-mse|round-minmax explore quantize bound choose
grid uniform|power-of-two|ternary|binary explore inspect quantize compare bound choose
mode sequential|independent explore quantize compare bound choose
rows all explore quantize compare bound sensitivity choose
ridge ANY explore quantize compare bound sensitivity choose
no-polish - explore quantize bound sensitivity choose
no-bias-correction - explore quantize compare bound sensitivity choose
budget ANY choose
drop ANY choose
pin ANY choose
tie ANY choose
widths ANY choose
activation-widths ANY choose
free-ends - choose
latency FILE choose
front FILE choose
ladder-on calibration|evaluation bound
ladder-images all explore bound choose
measure - sensitivity
seed ANY explore quantize evaluate compare bound sensitivity choose
threads ANY explore inspect quantize evaluate compare bound sensitivity choose
memory ANY explore inspect quantize evaluate compare bound sensitivity choose
csv FILE inspect quantize bound sensitivity choose
json FILE quantize bound choose
onnx FILE quantize bound choose
progress auto|none inspect quantize evaluate compare bound sensitivity choose
script FILE explore
ascii - explore
no-mouse - explore
help - explore inspect quantize evaluate compare bound sensitivity choose
version - explore inspect quantize evaluate compare bound sensitivity choose'

# The options of a command.
_bitstitch_options_of() { # COMMAND
  local name value commands
  while read -r name value commands; do
    if [[ " $commands " == *" $1 "* ]]; then echo "--$name"; fi
  done <<< "$_bitstitch_options"
}

# Sets `value` to the value of an option; false where it takes none.
_bitstitch_takes_value() { # WORD
  local name commands
  while read -r name value commands; do
    if [[ --$name == "$1" && $value != - ]]; then return 0; fi
  done <<< "$_bitstitch_options"
  return 1
}

# Completes the value of an option.
_bitstitch_value() { # VALUE WORD
  case $1 in
    FILE)
      compopt -o filenames 2> /dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    ANY) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "${1//|/ }" -- "$2") ;;
  esac
}

_bitstitch_network() { # WORD
  compopt -o filenames 2> /dev/null
  mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
    compgen -f -X '!*.onnx' -- "$1"; compgen -f -X '!*.json' -- "$1"; compgen -d -- "$1")
}

# Bash makes three words of --bits=4.
_bitstitch() {
  local word=${COMP_WORDS[COMP_CWORD]} command= network= value= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if _bitstitch_takes_value "${COMP_WORDS[i]}"; then
      if [[ ${COMP_WORDS[++i]} == = ]]; then
        if ((i == COMP_CWORD)); then word=; else ((++i)); fi
      fi
      if ((i == COMP_CWORD)); then _bitstitch_value "$value" "$word"; return; fi
    elif [[ ${COMP_WORDS[i]} != -* ]]; then
      if [[ ! $command$network && " $_bitstitch_commands " == *" ${COMP_WORDS[i]} "* ]]
      then command=${COMP_WORDS[i]}
      else network=${COMP_WORDS[i]}
      fi
    fi
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_bitstitch_options_of "${command:-explore}")" -- "$word")
    return
  fi
  if [[ $network ]]; then return; fi
  if [[ ! $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$_bitstitch_commands" -- "$word")
  fi
  _bitstitch_network "$word"
}

complete -F _bitstitch bitstitch
