/* SPDX-License-Identifier: MIT */
/* Output check: whether a file can be written, before the work of which it is the result. */
#ifndef APP_OUTPUT_CHECK_H
#define APP_OUTPUT_CHECK_H

#include "base/status.h"

/* Tries what file_replace() will do: makes and removes a file beside `path`, or opens the device. `path`
 * itself is not touched. STATUS_IO names the path and the reason. */
Status output_check(const char *path, Message *message);

#endif
