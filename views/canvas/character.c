/* SPDX-License-Identifier: MIT */
#include "views/canvas/character.h"

#include "base/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

static const struct {
    const char *unicode, *ascii;
} glyphs[GLYPH_COUNT] = {
    [GLYPH_HORIZONTAL] = {"─", "-"}, [GLYPH_VERTICAL] = {"│", "|"},    [GLYPH_TOP_LEFT] = {"┌", "+"},
    [GLYPH_TOP_RIGHT] = {"┐", "+"},  [GLYPH_BOTTOM_LEFT] = {"└", "+"}, [GLYPH_BOTTOM_RIGHT] = {"┘", "+"},
    [GLYPH_TICK_LEFT] = {"┤", "+"},  [GLYPH_TICK_DOWN] = {"┬", "+"},   [GLYPH_CORNER] = {"└", "+"},
    [GLYPH_CROSS] = {"×", "x"},      [GLYPH_CIRCLE] = {"●", "o"},      [GLYPH_SQUARE] = {"■", "#"},
    [GLYPH_DIAMOND] = {"◆", "*"},    [GLYPH_UP] = {"▲", "^"},          [GLYPH_DOWN] = {"▼", "v"},
    [GLYPH_RIGHT] = {"►", ">"},      [GLYPH_DOT] = {"·", "."},         [GLYPH_TIMES] = {"×", "x"},
    [GLYPH_DIVIDE] = {"÷", "/"},     [GLYPH_PLUS_MINUS] = {"±", "+-"}, [GLYPH_ELLIPSIS] = {"…", "~"},
    [GLYPH_CHECK] = {"✓", "+"},      [GLYPH_TICK_RIGHT] = {"├", "+"},  [GLYPH_TICK_UP] = {"┴", "+"},
    [GLYPH_JUNCTION] = {"┼", "+"},
};

const char *character_glyph(Glyph glyph, bool unicode)
{
    return unicode ? glyphs[glyph].unicode : glyphs[glyph].ascii;
}

/* The code point that `text` starts with and its bytes; 0 bytes at the end, -1 where it is not UTF-8. */
static int decode(ucs4_t *point, const char *text)
{
    *point = (unsigned char)*text;
    if (*point < 0x80) return *point != 0;
    return u8_strmbtouc(point, (const uint8_t *)text);
}

/* Combining marks, and the vowels and finals of Hangul that are written as parts. */
static bool is_mark(ucs4_t point)
{
    return point >= 0x300 && printable_point(point) && uc_width(point, "UTF-8") == 0;
}

/* Appends the marks that `text` starts with, as far as there is room; returns what follows them. A variation
 * selector would change the width in some terminals. */
static const char *take_marks(Character *character, const char *text)
{
    size_t used = strlen(character->text);
    ucs4_t point;
    int length;
    while ((length = decode(&point, text)) > 1 && is_mark(point)) {
        size_t bytes = (size_t)length;
        if (used + bytes < CELL_BYTES && !uc_is_property_variation_selector(point)) {
            memcpy(character->text + used, text, bytes);
            used += bytes;
            character->text[used] = 0;
        }
        text += length;
    }
    return text;
}

static void spell(Character *character, const char *text)
{
    snprintf(character->text, CELL_BYTES, "%s", text);
    character->columns = (int)strlen(character->text);
    character->spelled = true;
}

static const char *ascii_twin(const char *text)
{
    for (size_t g = 0; g < GLYPH_COUNT; g++)
        if (strcmp(glyphs[g].unicode, text) == 0) return glyphs[g].ascii;
    return "?";
}

const char *character_next(Character *character, const char *text, bool unicode)
{
    *character = (Character){0};
    ucs4_t point;
    int length = decode(&point, text);
    if (length == 0) return text;
    if (length < 0 || !printable_point(point)) {
        char escape[8];
        snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)*text);
        spell(character, escape);
        return text + 1;
    }
    bool lone = is_mark(point);
    if (lone) character->text[0] = ' ';
    if (!lone) {
        memcpy(character->text, text, (size_t)length);
        text += length;
    }
    const char *base = unicode || point < 0x80 ? NULL : ascii_twin(character->text);
    character->columns = !lone && uc_width(point, "UTF-8") == 2 ? 2 : 1;
    text = take_marks(character, text);
    if (base) spell(character, base);
    if (!unicode && !base) character->text[1] = 0;
    return text;
}

static size_t columns_in(const char *text)
{
    size_t columns = 0;
    for (Character character; *text; columns += (size_t)character.columns)
        text = character_next(&character, text, true);
    return columns;
}

ShortName character_short_name(const char *name)
{
    ShortName out = {{0}};
    Character character;
    size_t columns = columns_in(name), used = 0;
    if (columns > SHORT_NAME_COLUMNS) {
        for (; columns >= SHORT_NAME_COLUMNS; columns -= (size_t)character.columns)
            name = character_next(&character, name, true);
        used = (size_t)snprintf(out.text, sizeof out.text, "%s", glyphs[GLYPH_ELLIPSIS].unicode);
    }
    while (*name) {
        name = character_next(&character, name, true);
        memcpy(out.text + used, character.text, strlen(character.text));
        used += strlen(character.text);
    }
    return out;
}
