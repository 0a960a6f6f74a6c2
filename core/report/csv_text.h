/* CSV text: a text as a cell, for the writers of CSV. Private to core/report. */
#ifndef REPORT_CSV_TEXT_H
#define REPORT_CSV_TEXT_H

#include "base/text.h"

/* Quoted where it must be, with a ' in front where a spreadsheet would run it. */
void csv_append_text(Text *csv, const char *text);

#endif
