/* Output: whether a file can be written, asked before the work that is to go into it. */
#ifndef APP_OUTPUT_CHECK_H
#define APP_OUTPUT_CHECK_H

#include "base/status.h"

/* Tries what file_replace() will do: makes and removes a file beside `path`, or opens the device. `path`
 * itself is not touched. STATUS_IO names it and what stands in the way. */
Status output_check(const char *path, Message *message);

#endif
