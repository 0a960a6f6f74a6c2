# Completion of bitstitch for fish.
#
# The command is the first word that is one; without one it is explore.

set -g __bitstitch_commands explore inspect quantize evaluate compare bound sensitivity choose

# Whether the command is one of these.
function __bitstitch_command
    for word in (commandline -opc)
        if contains -- $word $__bitstitch_commands
            contains -- $word $argv
            return
        end
    end
    contains -- explore $argv
end

complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a explore -d 'choose bit widths in the terminal, and watch what they cost'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a inspect -d 'show the layers of a network, their bit widths, sizes and costs'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a quantize -d 'quantize a network, and measure its errors and accuracy'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a evaluate -d 'measure the accuracy of the float network'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a compare -d 'quantize with every method, side by side'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a bound -d 'quantize a network, and bound how far its output moves, layer by layer'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a sensitivity -d 'estimate every layer\'s error at every bit width before any run, or measure it'
complete -c bitstitch -n 'not __fish_seen_subcommand_from $__bitstitch_commands' -a choose -d 'choose the plan of least predicted error within a budget, and run it'

# One line per option: the commands that take it, its name, its value.
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound choose' -l images -r -F -d 'evaluation images: a file, or a folder of PNG and JPEG'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound choose' -l image-labels -r -F -d 'labels of the evaluation images, where they are not found beside the images'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound choose' -l evaluation-images -x -a 'all' -d 'number of evaluation images: the first ones of a file, or of a folder in a seeded order (all)'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound sensitivity choose' -l calibration -r -F -d 'calibration images: a file, or a folder of PNG and JPEG'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound sensitivity choose' -l calibration-images -x -a '' -d 'number of calibration images: the first ones of a file, or of a folder in a seeded order (1024)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l mean -x -a '' -d 'mean of pixel/255: one value, or one per channel, separated by commas (0)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l std -x -a '' -d 'standard deviation of pixel/255: one value, or one per channel, separated by commas (1)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l labels -r -F -d 'class names, one per line'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound sensitivity choose' -l resize -x -a '' -d 'resize images of bytes to a shorter side, or to height,width; then the middle is cropped'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound sensitivity choose' -l crop -x -a '' -d 'size of the middle to crop: a side, or height,width (what the network takes)'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound sensitivity choose' -l channels -x -a '' -d 'order of colour channels that the network takes: rgb or bgr (rgb)'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound sensitivity choose' -l layout -x -a '' -d 'order of arrays with four dimensions: nhwc or nchw (the one with 1 or 3 channels, or the network's)'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound sensitivity choose' -l skip-bad-images -d 'skip images of a folder that are damaged or too small, and count them'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l input-shape -x -a '' -d 'shape of the input where the network leaves it open, such as 3,224,224'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l output -x -a '' -d 'the output to compute, where the network has several'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l task -x -a 'classify detect segment semantic none' -d 'what the outputs mean: classify, detect, segment, semantic or none (what metadata or shapes say)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l bits -x -a '1 2 3 4 5 6 7 8 float' -d 'weight bits of all layers but first and last ones: 1 (binary) to 8, or float (4)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l first-bits -x -a '1 2 3 4 5 6 7 8 float' -d 'weight bits of first layers: 1 to 8, or float (8)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l last-bits -x -a '1 2 3 4 5 6 7 8 float' -d 'weight bits of last layers: 1 to 8, or float (8)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l activation-bits -x -a '2 3 4 5 6 7 8 float' -d 'activation bits of all layers but those that read the network's input: 2 to 8, or float (float)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l error-compensated -d 'quantize activations with per-channel scales, which the weights compensate'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l plan -r -F -d 'bit widths, methods and grids per layer, CSV or JSON: they win over --bits, --first-bits, --last-bits, --activation-bits, --method and --grid; other options that are given win over those in a JSON'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound sensitivity choose' -l effort -x -a 'paper fast default thorough' -d 'how hard to search for codes: one of the list below (default)'
complete -c bitstitch -n '__bitstitch_command explore quantize bound choose' -l method -x -a 'bitsplit code-descent gptq gptq-polish nearest-plane adaround efficientq comq round-mse round-minmax' -d 'quantization method of all layers: one of the list below (the effort's)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize compare bound choose' -l grid -x -a 'uniform power-of-two ternary binary' -d 'what codes may be, in all layers whose bit width it has: one of the list below; without --bits, the nearest to 4 that it has (uniform)'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound choose' -l mode -x -a 'sequential independent' -d 'sequential: calibrate each layer behind quantized layers; independent: behind float layers (sequential)'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound sensitivity choose' -l rows -x -a 'all' -d 'number of rows per layer that are drawn from the calibration images (12000)'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound sensitivity choose' -l ridge -x -a '' -d 'pull towards the float weights, in units of the Hessian's mean diagonal (by method and number of rows)'
complete -c bitstitch -n '__bitstitch_command explore quantize bound sensitivity choose' -l no-polish -d 'no polish (coordinate descent on whole codes) after bit-split and nearest plane'
complete -c bitstitch -n '__bitstitch_command explore quantize compare bound sensitivity choose' -l no-bias-correction -d 'keep the float biases'
complete -c bitstitch -n '__bitstitch_command choose' -l budget -x -a '' -d 'the most that the plan may cost, once per cost: 105K (bytes of weights), bits=3.5 (on average), bitops=2G per image, latency=900 microseconds'
complete -c bitstitch -n '__bitstitch_command choose' -l drop -x -a '' -d 'choose the smallest plan that loses at most so many points of top-1 accuracy: plans along the front are run on the first half of the evaluation images, and the other half tells the final figure'
complete -c bitstitch -n '__bitstitch_command choose' -l pin -x -a '' -d 'keep a layer as the plan has it, or at B weight bits; may be given several times'
complete -c bitstitch -n '__bitstitch_command choose' -l tie -x -a '' -d 'choose one width for these layers together; may be given several times'
complete -c bitstitch -n '__bitstitch_command choose' -l widths -x -a '' -d 'weight bits that may be chosen, separated by commas (2,3,4,5,6,7,8)'
complete -c bitstitch -n '__bitstitch_command choose' -l activation-widths -x -a '' -d 'choose activation bits too, from this list, or same for those of the weights'
complete -c bitstitch -n '__bitstitch_command choose' -l free-ends -d 'choose the bits of first and last layers too, which otherwise have 8'
complete -c bitstitch -n '__bitstitch_command choose' -l latency -r -F -d 'microseconds per layer and bit width, as CSV: layer (or operator and shape), weight_bits, activation_bits, microseconds'
complete -c bitstitch -n '__bitstitch_command choose' -l front -r -F -d 'write the plans of least predicted error at all budgets as CSV'
complete -c bitstitch -n '__bitstitch_command bound' -l ladder-on -x -a 'calibration evaluation' -d 'images that the bound is measured on: calibration or evaluation (calibration)'
complete -c bitstitch -n '__bitstitch_command explore bound choose' -l ladder-images -x -a 'all' -d 'number of images that the bound is measured on: the first ones (as many as are calibrated on)'
complete -c bitstitch -n '__bitstitch_command sensitivity' -l measure -d 'solve every layer at every bit width behind float layers, and show the errors beside the estimates'
complete -c bitstitch -n '__bitstitch_command explore quantize evaluate compare bound sensitivity choose' -l seed -x -a '' -d 'seed of all random choices (0)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l threads -x -a '' -d 'number of threads; results do not depend on it (one per processor)'
complete -c bitstitch -n '__bitstitch_command explore inspect quantize evaluate compare bound sensitivity choose' -l memory -x -a '' -d 'the most memory that the process may hold, beside 48 MiB for the program itself, with a suffix K, M, G or T; activations beyond it go to a temporary file, and what else does not fit is refused (half of the machine's memory)'
complete -c bitstitch -n '__bitstitch_command inspect quantize bound sensitivity choose' -l csv -r -F -d 'write the plan and its results, or the sensitivities, as CSV'
complete -c bitstitch -n '__bitstitch_command quantize bound choose' -l json -r -F -d 'write the run as JSON'
complete -c bitstitch -n '__bitstitch_command quantize bound choose' -l onnx -r -F -d 'write the quantized network as ONNX: its own file, with QuantizeLinear and DequantizeLinear'
complete -c bitstitch -n '__bitstitch_command inspect quantize evaluate compare bound sensitivity choose' -l progress -x -a 'auto none' -d 'auto: a progress line where standard error is a terminal; none: no progress line (auto)'
complete -c bitstitch -n '__bitstitch_command explore' -l script -r -F -d 'explore without a terminal: a file of keys to press and screens to print, described below; - for standard input'
complete -c bitstitch -n '__bitstitch_command explore' -l ascii -d 'draw with ASCII characters alone, as where TERM is linux'
complete -c bitstitch -n '__bitstitch_command explore' -l no-mouse -d 'leave the mouse to the terminal'
complete -c bitstitch -l help -d 'what the command takes'
complete -c bitstitch -l version -d 'version and libraries in use'
