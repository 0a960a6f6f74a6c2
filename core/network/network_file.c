#include "network/network_file.h"

#include "base/file.h"
#include "base/sizes.h"

#include <string.h>

static Status open_same(NetworkFile *file, const Network *network, size_t ceiling, Message *message)
{
    Status status = onnx_file_open(&file->onnx, network->path, ceiling, message);
    if (!status && strcmp(file->onnx->sha256, network->sha256) != 0)
        status = status_fail(message, STATUS_INVALID, "it has changed since it was opened");
    return status ? status
                  : graph_make(&file->graph, file->onnx->model->graph, network->output_name, message);
}

Status network_file_open(NetworkFile *file, const Network *network, size_t ceiling, Message *message)
{
    *file = (NetworkFile){0};
    Status status = open_same(file, network, ceiling, message);
    return status ? status_context(message, status, "cannot read '%s' again", network->path) : STATUS_OK;
}

void network_file_close(NetworkFile *file)
{
    graph_free(&file->graph);
    onnx_file_close(file->onnx);
    *file = (NetworkFile){0};
}

/* Weights are there up to four times: unpacked, folded, packed or edited, and in the file. */
Status network_file_advise(Status status, const char *path, size_t ceiling, size_t held, Message *message)
{
    const size_t bytes = 4 * file_bytes(path);
    if (status != STATUS_MEMORY || !message || !strstr(message->text, "--memory")) return status;
    const Message reason = *message;
    if (bytes <= ceiling) return status_fail(message, status, "%s: use more", reason.text);
    return status_fail(message, status, "%s: the network's file alone needs about --memory %zuM", reason.text,
                       size_mib(bytes + held));
}
