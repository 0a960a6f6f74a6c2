/* SPDX-License-Identifier: MIT */
/* Remedies in the program's words: the library's messages name causes, and list what would help
 * (base/status.h); here each remedy becomes the option of the command line that does it.
 *
 * Example (const Options *options, const NetworkOptions *network_options, const char *path):
 *     #include "network/network.h"
 *     Network *network;
 *     Message message = {""};
 *     if (network_open(&network, path, network_options, &message) != STATUS_OK) {
 *         remedy_add(&message, options);
 *         fprintf(stderr, "bitstitch: %s\n", message.text);
 *     }
 */
#ifndef APP_REMEDY_H
#define APP_REMEDY_H

#include "app/cli/options.h"
#include "base/status.h"

/* Appends the remedies to the text, as in ": use --memory 123M or more, or leave that layer in float", and
 * takes them off the list, so that they are said once. The number is --memory, or its default, and what the
 * failing part lacked. */
void remedy_add(Message *message, const Options *options);

#endif
