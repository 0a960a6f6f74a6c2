/* SPDX-License-Identifier: MIT */
/* CSV text: appends a text as a cell of a CSV file. Private to core/report. */
#ifndef REPORT_CSV_TEXT_H
#define REPORT_CSV_TEXT_H

#include "base/text.h"

/* Quotes the text where RFC 4180 asks for it, and puts a ' in front where a spreadsheet would take it for a
 * formula. */
void csv_append_text(Text *csv, const char *text);

#endif
