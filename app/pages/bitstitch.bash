# Completion of bitstitch for bash.
#
# The command is the first word that is one; without one it is explore.

_bitstitch_commands='explore inspect quantize evaluate compare bound sensitivity choose'

# One row per option: its name; its value: FILE, one of several words, ANY text, or - for none; the commands that
# take it.
_bitstitch_options='
images FILE explore quantize evaluate compare bound
image-labels FILE explore quantize evaluate compare bound
evaluation-images all explore quantize evaluate compare bound
calibration FILE explore quantize compare bound sensitivity
calibration-images ANY explore quantize compare bound sensitivity
mean ANY explore inspect quantize evaluate compare bound sensitivity
std ANY explore inspect quantize evaluate compare bound sensitivity
labels FILE explore inspect quantize evaluate compare bound sensitivity
resize ANY explore quantize evaluate compare bound sensitivity
crop ANY explore quantize evaluate compare bound sensitivity
channels ANY explore quantize evaluate compare bound sensitivity
layout ANY explore quantize evaluate compare bound sensitivity
skip-bad-images - explore quantize evaluate compare bound sensitivity
input-shape ANY explore inspect quantize evaluate compare bound sensitivity
output ANY explore inspect quantize evaluate compare bound sensitivity
task classify|detect|segment|semantic|none explore inspect quantize evaluate compare bound sensitivity
bits 1|2|3|4|5|6|7|8|float explore inspect quantize compare bound
first-bits 1|2|3|4|5|6|7|8|float explore inspect quantize compare bound
last-bits 1|2|3|4|5|6|7|8|float explore inspect quantize compare bound
activation-bits 2|3|4|5|6|7|8|float explore inspect quantize compare bound
error-compensated - explore inspect quantize compare bound
plan FILE explore inspect quantize compare bound
effort paper|fast|default|thorough explore quantize compare bound sensitivity
method bitsplit|code-descent|gptq|gptq-polish|nearest-plane|adaround|efficientq|comq|round-mse|round-minmax explore quantize bound
grid uniform|power-of-two|ternary|binary explore inspect quantize compare bound
mode sequential|independent explore quantize compare bound
rows all explore quantize compare bound sensitivity
ridge ANY explore quantize compare bound sensitivity
no-polish - explore quantize bound sensitivity
no-bias-correction - explore quantize compare bound sensitivity
ladder-on calibration|evaluation bound
ladder-images all explore bound
measure - sensitivity
seed ANY explore quantize evaluate compare bound sensitivity
threads ANY explore inspect quantize evaluate compare bound sensitivity
memory ANY explore inspect quantize evaluate compare bound sensitivity
csv FILE inspect quantize bound sensitivity
json FILE quantize bound
onnx FILE quantize bound
progress auto|none inspect quantize evaluate compare bound sensitivity
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
