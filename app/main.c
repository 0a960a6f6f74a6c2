/* SPDX-License-Identifier: MIT */
#include "app/cli/blas_kernel.h"
#include "app/cli/commands/commands.h"
#include "app/cli/interrupt.h"
#include "app/cli/remedy.h"
#include "app/pages/help.h"
#include "base/blas.h"
#include "config.h"

#include <locale.h>
#include <stdio.h>

#if HAVE_DNNL
#include <dnnl.h>
#endif

#define EXIT_ERROR 1
#define EXIT_USAGE 2
#define EXIT_SIGNAL 128

static void print_version(void)
{
    printf("bitstitch %s\n", BITSTITCH_VERSION);
    printf("BLAS          %s, kernel %s\n", openblas_get_config(), blas_kernel());
#if HAVE_DNNL
    const dnnl_version_t *version = dnnl_version();
    printf("convolutions  oneDNN %d.%d.%d\n", version->major, version->minor, version->patch);
#else
    printf("convolutions  im2col on BLAS\n");
#endif
}

static Status run_command(const Options *options, Message *message)
{
    static Status (*const commands[COMMAND_COUNT])(const Options *, Message *) = {
        [COMMAND_EXPLORE] = cmd_explore,         [COMMAND_INSPECT] = cmd_inspect,
        [COMMAND_QUANTIZE] = cmd_quantize,       [COMMAND_EVALUATE] = cmd_evaluate,
        [COMMAND_COMPARE] = cmd_compare,         [COMMAND_BOUND] = cmd_bound,
        [COMMAND_SENSITIVITY] = cmd_sensitivity, [COMMAND_CHOOSE] = cmd_choose,
    };
    interrupt_catch();
    return commands[options->command](options, message);
}

/* Output that could not be written, on a full disk say, is an error. */
static Status close_output(Message *message)
{
    bool failed = ferror(stdout) != 0;
    if (fclose(stdout) != 0 || failed)
        return status_fail(message, STATUS_IO, "cannot write to standard output");
    return STATUS_OK;
}

static int exit_status(Status status)
{
    if (status == STATUS_OK) return 0;
    return status == STATUS_CANCELLED && interrupt_signal() ? EXIT_SIGNAL + interrupt_signal() : EXIT_ERROR;
}

int main(int argc, char **argv)
{
    Message message = {0};
    Options options = {0};
    bool all = false;
    setlocale(LC_CTYPE, "C.UTF-8"); /* widths of characters; numbers stay in the C locale */
    Status status = blas_kernel_choose(argv, &message);
    if (status == STATUS_OK) {
        switch (options_parse(&options, &all, argc, argv, &message)) {
        case REQUEST_WRONG:
            fprintf(stderr, "bitstitch: %s\n", message.text);
            return EXIT_USAGE;
        case REQUEST_HELP:
            help_print(stdout, &options, all);
            break;
        case REQUEST_VERSION:
            print_version();
            break;
        case REQUEST_RUN:
            status = run_command(&options, &message);
        }
    }
    if (status == STATUS_OK) status = close_output(&message);
    if (status != STATUS_OK) {
        remedy_add(&message, &options);
        fprintf(stderr, "bitstitch: %s\n", message.text);
    }
    return exit_status(status);
}
