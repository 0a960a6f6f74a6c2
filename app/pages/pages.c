/* SPDX-License-Identifier: MIT */
/* The program that makes the pages: see app/pages/pages.h. */
#include "app/pages/pages.h"

#include <string.h>

static const struct {
    const char *name;
    bool (*print)(FILE *file);
} pages[] = {{"man", page_man}, {"keys", page_keys}};

static int print_page(bool (*print)(FILE *file))
{
    if (!print(stdout) || fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "pages: cannot write the page\n");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof pages / sizeof *pages; i++)
        if (strcmp(argv[1], pages[i].name) == 0) return print_page(pages[i].print);
    fprintf(stderr, "usage: pages man | keys\n");
    return 2;
}
