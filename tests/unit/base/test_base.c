/* SPDX-License-Identifier: MIT */
/* Pool, arena, checked sizes, random numbers, messages, BLAS. */
#include "app/cli/blas_kernel.h"
#include "base/arena.h"
#include "base/blas.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/sizes.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- pool ------------------------------------------------------------------------------------------- */

enum { TASKS = 1000, ROUNDS = 50 };

typedef struct Count {
    int done[TASKS];
    size_t workers;
    atomic_int busy[POOL_MAX_WORKERS];
    atomic_bool shared_worker;
} Count;

static void count_task(void *context, size_t index, size_t worker)
{
    Count *count = context;
    if (worker >= count->workers || atomic_fetch_add(&count->busy[worker], 1) != 0)
        atomic_store(&count->shared_worker, true);
    count->done[index]++;
    atomic_fetch_sub(&count->busy[worker], 1);
}

static void pool_runs_each_task_once(void **state)
{
    for (size_t workers = 1; workers <= 5; workers++) {
        Pool *pool;
        assert_int_equal(pool_create(&pool, workers, NULL), STATUS_OK);
        assert_int_equal(pool_workers(pool), workers);
        Count *count = calloc(1, sizeof *count);
        count->workers = workers;
        for (int round = 1; round <= ROUNDS; round++) {
            size_t tasks = round % 7 ? TASKS : (size_t)(round % 3);
            memset(count->done, 0, sizeof count->done);
            pool_run(pool, tasks, count_task, count);
            for (size_t i = 0; i < TASKS; i++) assert_int_equal(count->done[i], i < tasks);
        }
        assert_false(atomic_load(&count->shared_worker));
        free(count);
        pool_free(pool);
    }
    pool_free(NULL);
}

/* --- arena ------------------------------------------------------------------------------------------ */

static void arena_aligns_zeroes_and_stops_at_its_ceiling(void **state)
{
    Arena arena = arena_make(1 << 20);
    for (size_t i = 1; i < 2000; i = i * 2 + 1) {
        unsigned char *memory = arena_allocate(&arena, i, 3);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t k = 0; k < 3 * i; k++) assert_int_equal(memory[k], 0);
        memset(memory, 0xff, 3 * i);
    }
    assert_non_null(arena_allocate(&arena, 0, 8));
    assert_null(arena_allocate(&arena, SIZE_MAX, 2));
    assert_null(arena_allocate(&arena, SIZE_MAX, 1));
    assert_null(arena_allocate(&arena, 1 << 20, 1));
    assert_non_null(arena_allocate(&arena, (1 << 20) - arena.used, 1));
    assert_null(arena_allocate(&arena, 1, 1));
    arena_free(&arena);
    char *text = arena_copy_text(&arena, "abcdef", 3);
    assert_string_equal(text, "abc");
    arena_free(&arena);
}

static void sizes_refuse_overflow(void **state)
{
    size_t result = 7;
    assert_false(size_multiply(&result, SIZE_MAX / 2, 3));
    assert_false(size_add(&result, SIZE_MAX, 1));
    assert_int_equal(result, 7);
    assert_true(size_multiply(&result, 6, 7) && result == 42);
    assert_true(size_add(&result, result, 1) && result == 43);
    assert_int_equal(size_ceil_div(10, 3), 4);
    assert_int_equal(size_ceil_div(SIZE_MAX, 1), SIZE_MAX);
}

/* --- random numbers ----------------------------------------------------------------------------------- */

static void random_is_uniform_and_repeats(void **state)
{
    enum { BINS = 16, DRAWS = 160000 };
    size_t bins[BINS] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        double u = random_uniform(1, 2, 3, i);
        assert_true(u >= 0 && u < 1 && u == random_uniform(1, 2, 3, i));
        bins[(size_t)(u * BINS)]++;
    }
    double chi = 0; /* 15 degrees of freedom: above 44 once in 10,000 seeds */
    for (size_t i = 0; i < BINS; i++) {
        double difference = (double)bins[i] - DRAWS / BINS;
        chi += difference * difference / (DRAWS / BINS);
    }
    assert_true(chi < 44);
    assert_true(random_bits(1, 2, 3, 4) != random_bits(1, 2, 4, 3));
    assert_true(random_bits(1, 2, 3, 4) != random_bits(2, 1, 3, 4));
}

static void subsets_are_distinct_sorted_and_even(void **state)
{
    size_t hits[50] = {0};
    for (uint64_t seed = 0; seed < 4000; seed++) {
        size_t chosen[50], count = 1 + seed % 50;
        random_subset(chosen, count, 50, seed, 0, 0);
        for (size_t i = 0; i < count; i++) {
            assert_in_range(chosen[i], 0, 49);
            if (i) assert_true(chosen[i] > chosen[i - 1]);
            hits[chosen[i]]++;
        }
    }
    for (size_t i = 0; i < 50; i++) assert_in_range(hits[i], 1900, 2180); /* mean 2040, deviation about 26 */
    size_t few[3], *many = calloc(1000, sizeof *many);
    random_subset(few, 3, 1000000, 1, 2, 3);
    assert_true(few[0] < few[1] && few[1] < few[2] && few[2] < 1000000);
    random_subset(many, 1000, 1000, 1, 2, 3);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(many[i], i);
    random_subset(many, 0, 1000, 1, 2, 3);
    free(many);
}

/* --- messages ----------------------------------------------------------------------------------------- */

static void orders_are_permutations(void **state)
{
    enum { COUNT = 1000 };
    size_t order[COUNT], other[COUNT], seen[COUNT] = {0}, moved = 0, differ = 0, early = 0;
    random_order(order, COUNT, 1, 2, 3);
    random_order(other, COUNT, 1, 2, 4);
    for (size_t i = 0; i < COUNT; i++) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_int_equal(seen[order[i]]++, 0);
        moved += order[i] != i;
        differ += order[i] != other[i];
        early += i < COUNT / 2 && order[i] < COUNT / 2;
    }
    assert_true(moved > 900 && differ > 900);
    assert_in_range(early, 200, 300); /* half of the first half: 250, standard deviation 8 */
}

static void messages_escape_what_files_say(void **state)
{
    Message message;
    assert_int_equal(
        status_fail(&message, STATUS_INVALID, "node '%s'", "a\x1b[31m\n\xff\xc2\x9b\xc3\xa9\x7f"),
        STATUS_INVALID);
    assert_string_equal(message.text, "node 'a\\x1b[31m\\x0a\\xff\\xc2\\x9b\xc3\xa9\\x7f'");
    status_context(&message, STATUS_IO, "cannot open '%s'", "x\r");
    assert_string_equal(message.text,
                        "cannot open 'x\\x0d': node 'a\\x1b[31m\\x0a\\xff\\xc2\\x9b\xc3\xa9\\x7f'");
    status_fail(&message, STATUS_INVALID, "%s", "a\u202eb\u2066c\u2028d\u200be\ufefff \u4e16e\u0301");
    assert_string_equal(message.text, "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xe2\\x80\\xa8d\\xe2\\x80\\x8be"
                                      "\\xef\\xbb\\xbff \u4e16e\u0301");
    assert_int_equal(status_no_memory(NULL, "x"), STATUS_MEMORY);
}

static void messages_carry_remedies(void **state)
{
    Message message, copy;
    Status status = status_fail(&message, STATUS_MEMORY, "too large");
    assert_int_equal(status_advise_memory(status, &message, REMEDY_MEMORY | REMEDY_THREADS, 300, 100),
                     STATUS_MEMORY);
    assert_int_equal(status_context(&message, STATUS_MEMORY, "layer 'a'"), STATUS_MEMORY);
    assert_int_equal(message.remedies, REMEDY_MEMORY | REMEDY_THREADS);
    assert_int_equal(message.memory_missing, 200);
    assert_int_equal(status_copy(&copy, STATUS_MEMORY, &message), STATUS_MEMORY);
    assert_string_equal(copy.text, "layer 'a': too large");
    assert_int_equal(copy.memory_missing, 200);
    status_fail(&message, STATUS_INVALID, "another failure");
    assert_int_equal(message.remedies, 0);
    assert_int_equal(message.memory_missing, 0);
    assert_int_equal(status_advise(STATUS_INVALID, NULL, REMEDY_RIDGE), STATUS_INVALID);
}

static void messages_are_cut_and_terminated(void **state)
{
    Message message;
    char *text = malloc(5001);
    memset(text, '\n', 5000);
    text[5000] = 0;
    status_fail(&message, STATUS_INVALID, "%s", text);
    assert_true(strlen(message.text) < sizeof message.text);
    for (int i = 0; i < 300; i++) status_context(&message, STATUS_INVALID, "%s", "context");
    assert_true(strlen(message.text) < sizeof message.text);
    free(text);
}

/* --- BLAS --------------------------------------------------------------------------------------------- */

static void blas_kernel_passes_its_check(void **state)
{
    Message message;
    assert_int_equal(blas_kernel_choose(NULL, &message), STATUS_OK);
    assert_true(strlen(blas_kernel()) > 0);
    assert_int_equal(openblas_get_num_threads(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_runs_each_task_once),
        cmocka_unit_test(arena_aligns_zeroes_and_stops_at_its_ceiling),
        cmocka_unit_test(sizes_refuse_overflow),
        cmocka_unit_test(random_is_uniform_and_repeats),
        cmocka_unit_test(subsets_are_distinct_sorted_and_even),
        cmocka_unit_test(orders_are_permutations),
        cmocka_unit_test(messages_escape_what_files_say),
        cmocka_unit_test(messages_carry_remedies),
        cmocka_unit_test(messages_are_cut_and_terminated),
        cmocka_unit_test(blas_kernel_passes_its_check),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
