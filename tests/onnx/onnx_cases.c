/* SPDX-License-Identifier: MIT */
/* Runs ONNX's backend cases through network_open() and network_run(), like any network.
 *
 *     onnx_cases [-v] [FOLDER [NAME...]]
 *
 * FOLDER holds node/, pytorch-operator/, pytorch-converted/ and simple/ as Debian's libonnx-testdata installs
 * them (/usr/share/libonnx-testdata/data). Each case is tried with its inputs computed or constant in several
 * ways (Mode). It counts as run if one of them opens, and passes if all that open agree with the expected
 * outputs to rtol 1e-3, atol 1e-7. Cases that are not run are counted per operator, type or form that is not
 * supported; -v lists each with its reason.
 *
 * Exit status: 0; 1 if a case fails; 77 if FOLDER does not exist.
 */
#include "case_graph.h"

#include "base/file.h"
#include "network/network.h"
#include "network/operators/operator.h"
#include "network/run/run.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES "/usr/share/libonnx-testdata/data"
#define CAP ((size_t)256 << 20)
#define RTOL 1e-3
#define ATOL 1e-7

enum { MOST_VALUES = 32, MOST_REASONS = 256, PATH = 600 };

typedef enum Mode { ALL_COMPUTED, FLOATS_COMPUTED, FIRST_COMPUTED, ALL_CONSTANT, MODES } Mode;

typedef enum Verdict { PASSED, FAILED, NO_OPERATOR, NO_TYPE, NO_OPSET, NO_FORM, VERDICTS } Verdict;

typedef struct Case {
    char folder[PATH];
    uint8_t *bytes; /* of the model */
    size_t size;
    Onnx__ModelProto *model;
    size_t input_count, output_count;
    Onnx__TensorProto *inputs[MOST_VALUES], *outputs[MOST_VALUES];
    char why[sizeof((Message *)0)->text];
} Case;

/* Counts per name. */
typedef struct Tally {
    char name[120];
    size_t count;
} Tally;

typedef struct Report {
    size_t verdicts[VERDICTS];
    Tally reasons[VERDICTS][MOST_REASONS];
    bool verbose;
    char scratch[40]; /* file */
} Report;

static void count_reason(Report *report, Verdict verdict, const char *name)
{
    Tally *tally = report->reasons[verdict];
    size_t i = 0;
    while (i < MOST_REASONS - 1 && tally[i].count && strcmp(tally[i].name, name) != 0) i++;
    snprintf(tally[i].name, sizeof tally[i].name, "%s", name);
    tally[i].count++;
}

/* --- reading ------------------------------------------------------------------------------------------ */

static Onnx__TensorProto *read_tensor(const char *folder, const char *kind, size_t k)
{
    char path[PATH + 60], *data;
    size_t size;
    snprintf(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", folder, kind, k);
    if (file_read(&data, &size, path, CAP, NULL)) return NULL;
    Onnx__TensorProto *tensor = onnx__tensor_proto__unpack(NULL, size, (uint8_t *)data);
    free(data);
    return tensor;
}

static size_t read_tensors(Onnx__TensorProto **tensors, const char *folder, const char *kind)
{
    size_t count = 0;
    while (count < MOST_VALUES && (tensors[count] = read_tensor(folder, kind, count))) count++;
    return count;
}

static bool read_case(Case *this)
{
    char path[PATH + 20], *data;
    snprintf(path, sizeof path, "%s/model.onnx", this->folder);
    if (file_read(&data, &this->size, path, CAP, NULL)) return false;
    this->bytes = (uint8_t *)data;
    this->model = onnx__model_proto__unpack(NULL, this->size, this->bytes);
    this->input_count = read_tensors(this->inputs, this->folder, "input");
    this->output_count = read_tensors(this->outputs, this->folder, "output");
    return this->model && this->model->graph;
}

static void free_case(Case *this)
{
    for (size_t i = 0; i < this->input_count; i++) onnx__tensor_proto__free_unpacked(this->inputs[i], NULL);
    for (size_t i = 0; i < this->output_count; i++) onnx__tensor_proto__free_unpacked(this->outputs[i], NULL);
    if (this->model) onnx__model_proto__free_unpacked(this->model, NULL);
    free(this->bytes);
}

/* --- what is claimed ---------------------------------------------------------------------------------- */

static int64_t case_opset(const Case *this)
{
    for (size_t i = 0; i < this->model->n_opset_import; i++) {
        const char *domain = this->model->opset_import[i]->domain;
        if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0)
            return this->model->opset_import[i]->version;
    }
    return 0;
}

/* Each operator counts once per case. */
static bool has_operators(Case *this, Report *report, int opset)
{
    const Onnx__GraphProto *graph = this->model->graph;
    bool all = true;
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        const bool own = node->domain && *node->domain;
        bool seen = false;
        for (size_t k = 0; k < i; k++) seen |= strcmp(graph->node[k]->op_type, node->op_type) == 0;
        if (seen || (!own && operator_find(node->op_type, opset))) continue;
        count_reason(report, NO_OPERATOR, node->op_type);
        snprintf(this->why, sizeof this->why, "operator %s", node->op_type);
        all = false;
    }
    return all;
}

static const char *unsupported_type(const Onnx__ValueInfoProto *value)
{
    static const int32_t known[] = {
        ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
        ONNX__TENSOR_PROTO__DATA_TYPE__INT64, ONNX__TENSOR_PROTO__DATA_TYPE__INT32,
        ONNX__TENSOR_PROTO__DATA_TYPE__BOOL};
    if (!value->type || !value->type->tensor_type) return "sequence, map or optional";
    const int32_t type = value->type->tensor_type->elem_type;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (type == known[i]) return NULL;
    return onnx_type_name(type);
}

/* Types that values do not have. Bytes are allowed in a quantizer's zero point, whose type gives its range.
 */
static bool has_types(Case *this, Report *report)
{
    const Onnx__GraphProto *graph = this->model->graph;
    const char *type = NULL;
    const bool bytes = graph->n_node == 1 && strstr(graph->node[0]->op_type, "quantizeLinear");
    const bool codes = graph->n_node == 1 && strcmp(graph->node[0]->op_type, "QuantizeLinear") == 0;
    for (size_t i = 0; !type && i < graph->n_input; i++) type = unsupported_type(graph->input[i]);
    for (size_t i = 0; !type && i < graph->n_output; i++) type = unsupported_type(graph->output[i]);
    if (!type || ((bytes || codes) && strstr(type, "INT8"))) return true;
    count_reason(report, NO_TYPE, type);
    snprintf(this->why, sizeof this->why, "type %s", type);
    return false;
}

/* --- running ------------------------------------------------------------------------------------------ */

typedef struct Numbers {
    float *data;
    size_t count, capacity;
} Numbers;

static void add_number(Numbers *numbers, double value)
{
    if (numbers->count == numbers->capacity) {
        numbers->capacity = 2 * numbers->capacity + 64;
        numbers->data = realloc(numbers->data, numbers->capacity * sizeof *numbers->data);
        if (!numbers->data) abort();
    }
    numbers->data[numbers->count++] = (float)value;
}

static bool add_tensor_numbers(Numbers *numbers, const Onnx__TensorProto *from, Message *message)
{
    Arena arena = arena_make(CAP);
    OnnxTensor tensor;
    const bool read = onnx_tensor_read(&tensor, from, NULL, &arena, message) == STATUS_OK;
    for (size_t i = 0; read && i < tensor.elements; i++) {
        if (tensor.type == ELEMENT_FLOAT)
            add_number(numbers, (double)((const float *)tensor.data)[i]);
        else if (tensor.type == ELEMENT_INT64)
            add_number(numbers, (double)((const int64_t *)tensor.data)[i]);
        else
            add_number(numbers, ((const uint8_t *)tensor.data)[i]);
    }
    arena_free(&arena);
    return read;
}

static bool is_computed(const Case *this, size_t k, Mode mode)
{
    const int32_t type = this->inputs[k]->data_type;
    const bool floats =
        type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    switch (mode) {
    case ALL_COMPUTED:
        return true;
    case FLOATS_COMPUTED:
        return floats;
    case FIRST_COMPUTED:
        return k == 0;
    default:
        return false;
    }
}

static bool write_model(const char *path, const Onnx__ModelProto *model)
{
    const size_t size = onnx__model_proto__get_packed_size(model);
    uint8_t *bytes = malloc(size + 1);
    FILE *file = fopen(path, "wb");
    bool written = bytes && file;
    if (written) {
        onnx__model_proto__pack(model, bytes);
        written = fwrite(bytes, 1, size, file) == size;
    }
    if (file) written = fclose(file) == 0 && written;
    free(bytes);
    return written;
}

/* Writes the case's model, rewritten for `mode`, and the image that goes with it. */
static bool prepare(const Case *this, const char *path, Mode mode, Numbers *image, Message *message)
{
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, this->size, this->bytes);
    CaseInput inputs[MOST_VALUES] = {0};
    size_t ranks[MOST_VALUES] = {0};
    bool fits = model && model->graph->n_output == this->output_count;
    if (fits) fits = case_graph_raise_opset(model);
    for (size_t k = 0; fits && k < this->input_count; k++) {
        inputs[k] = (CaseInput){this->inputs[k], is_computed(this, k, mode)};
        if (inputs[k].computed) fits = add_tensor_numbers(image, this->inputs[k], message);
    }
    for (size_t k = 0; k < this->output_count; k++) ranks[k] = this->outputs[k]->n_dims;
    if (fits) {
        const size_t length = case_graph_rewrite(model, inputs, ranks);
        if (image->count == 0) add_number(image, 0.5);
        fits = length == image->count && write_model(path, model);
    }
    if (model) onnx__model_proto__free_unpacked(model, NULL);
    return fits;
}

static Numbers expected_numbers(const Case *this, const Numbers *image)
{
    Numbers numbers = {0};
    for (size_t k = 0; k < this->output_count; k++) {
        add_tensor_numbers(&numbers, this->outputs[k], NULL);
        for (size_t i = 0; i < this->outputs[k]->n_dims; i++)
            add_number(&numbers, (double)this->outputs[k]->dims[i]);
    }
    for (size_t i = 0; i < image->count; i++) add_number(&numbers, (double)image->data[i]);
    return numbers;
}

static bool agrees(Case *this, const float *got, size_t count, const Numbers *image)
{
    Numbers want = expected_numbers(this, image);
    bool same = want.count == count;
    if (!same) snprintf(this->why, sizeof this->why, "%zu numbers instead of %zu", count, want.count);
    for (size_t i = 0; same && i < count; i++) {
        const double a = (double)got[i], b = (double)want.data[i];
        if (a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= ATOL + RTOL * fabs(b)) continue;
        snprintf(this->why, sizeof this->why, "number %zu of %zu is %.9g instead of %.9g", i, count, a, b);
        same = false;
    }
    free(want.data);
    return same;
}

static Verdict run_network(Case *this, const Network *network, const Numbers *image)
{
    Message message = {0};
    Workspace *workspace;
    Verdict verdict = FAILED;
    float *output = calloc(network->output_elements + 1, sizeof *output);
    Status status = workspace_create(&workspace, network, &message);
    if (!status && output) status = network_run(network, output, image->data, NULL, workspace, &message);
    if (status || !output)
        snprintf(this->why, sizeof this->why, "%s", message.text);
    else if (agrees(this, output, network->output_elements, image))
        verdict = PASSED;
    workspace_free(workspace);
    free(output);
    return verdict;
}

static Verdict run_mode(Case *this, const char *path, Mode mode)
{
    Numbers image = {0};
    Message message = {0};
    Network *network;
    Verdict verdict = NO_FORM;
    if (!prepare(this, path, mode, &image, &message))
        snprintf(this->why, sizeof this->why, "%s",
                 message.text[0] ? message.text : "its operands are aligned by opset 6's rules");
    else if (network_open(&network, path, &(NetworkOptions){0}, &message))
        snprintf(this->why, sizeof this->why, "%s", message.text);
    else {
        verdict = run_network(this, network, &image);
        network_free(network);
    }
    free(image.data);
    return verdict;
}

static Verdict run_case(Case *this, Report *report)
{
    const int64_t opset = case_graph_opset(case_opset(this));
    if (opset < ONNX_FIRST_OPSET || opset > ONNX_LAST_OPSET) {
        snprintf(this->why, sizeof this->why, "opset %d", (int)opset);
        count_reason(report, NO_OPSET, this->why);
        return NO_OPSET;
    }
    if (!has_operators(this, report, (int)opset)) return NO_OPERATOR;
    if (!has_types(this, report)) return NO_TYPE;
    Verdict verdict = NO_FORM;
    for (Mode mode = 0; mode < MODES; mode++) {
        char reason[sizeof this->why];
        snprintf(reason, sizeof reason, "%s", this->why);
        const Verdict one = run_mode(this, report->scratch, mode);
        if (one == FAILED) return FAILED;
        if (one == PASSED) verdict = PASSED;
        /* The reason that tells most: with the first input computed, as in a network. */
        if (one == NO_FORM && mode > FIRST_COMPUTED) snprintf(this->why, sizeof this->why, "%s", reason);
    }
    return verdict;
}

/* --- reporting ---------------------------------------------------------------------------------------- */

static void count_operators(Report *report, const Case *this, Verdict verdict)
{
    const Onnx__GraphProto *graph = this->model->graph;
    for (size_t i = 0; i < graph->n_node; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++) seen |= strcmp(graph->node[k]->op_type, graph->node[i]->op_type) == 0;
        if (!seen) count_reason(report, verdict, graph->node[i]->op_type);
    }
}

static void judge(Report *report, const char *folder, const char *name)
{
    Case this = {0};
    snprintf(this.folder, sizeof this.folder, "%s/%s", folder, name);
    if (!read_case(&this)) {
        printf("FAILED %s: it cannot be read\n", this.folder);
        report->verdicts[FAILED]++;
        free_case(&this);
        return;
    }
    const Verdict verdict = run_case(&this, report);
    report->verdicts[verdict]++;
    if (verdict == PASSED || verdict == FAILED || verdict == NO_FORM) count_operators(report, &this, verdict);
    if (verdict == FAILED) printf("FAILED %s: %s\n", this.folder, this.why);
    if (verdict != FAILED && verdict != PASSED && report->verbose)
        printf("left out %s: %s\n", name, this.why);
    free_case(&this);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Tally *)a)->name, ((const Tally *)b)->name);
}

static size_t sort_reasons(Report *report, Verdict verdict)
{
    size_t count = 0;
    while (count < MOST_REASONS && report->reasons[verdict][count].count) count++;
    qsort(report->reasons[verdict], count, sizeof(Tally), by_name);
    return count;
}

static size_t count_of(const Report *report, Verdict verdict, const char *name)
{
    for (size_t i = 0; i < MOST_REASONS && report->reasons[verdict][i].count; i++)
        if (strcmp(report->reasons[verdict][i].name, name) == 0) return report->reasons[verdict][i].count;
    return 0;
}

static void print_operators(Report *report)
{
    const size_t count = sort_reasons(report, PASSED);
    printf("%-24s %6s %6s %8s\n", "operator", "passed", "failed", "left out");
    for (size_t i = 0; i < count; i++) {
        const Tally *tally = &report->reasons[PASSED][i];
        printf("%-24s %6zu %6zu %8zu\n", tally->name, tally->count, count_of(report, FAILED, tally->name),
               count_of(report, NO_FORM, tally->name));
    }
}

static void print_reasons(Report *report, Verdict verdict, const char *title)
{
    const size_t count = sort_reasons(report, verdict);
    printf("\n%s: %zu cases\n ", title, report->verdicts[verdict]);
    for (size_t i = 0, used = 1; i < count; i++) {
        const Tally *tally = &report->reasons[verdict][i];
        if (used > 90) used = (size_t)printf("\n ") - 1;
        used += (size_t)printf(" %s %zu%s", tally->name, tally->count, i + 1 < count ? "," : "");
    }
    printf("\n");
}

static void print_report(Report *report)
{
    size_t all = 0;
    for (Verdict verdict = 0; verdict < VERDICTS; verdict++) all += report->verdicts[verdict];
    print_operators(report);
    print_reasons(report, NO_OPERATOR, "left out, an operator is not supported");
    print_reasons(report, NO_TYPE, "left out, a type is not supported");
    print_reasons(report, NO_OPSET, "left out, the opset is not supported");
    print_reasons(report, NO_FORM, "left out, a form of an operator is not supported (see -v)");
    printf("\n%zu cases: %zu run, %zu passed, %zu failed, %zu left out\n", all,
           report->verdicts[PASSED] + report->verdicts[FAILED], report->verdicts[PASSED],
           report->verdicts[FAILED], all - report->verdicts[PASSED] - report->verdicts[FAILED]);
}

/* --- folders ------------------------------------------------------------------------------------------ */

static bool is_wanted(const char *name, char **wanted)
{
    if (*name == '.') return false;
    if (!*wanted) return true;
    for (; *wanted; wanted++)
        if (strstr(name, *wanted)) return true;
    return false;
}

static void judge_folder(Report *report, const char *folder, char **wanted)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (is_wanted(entries[i]->d_name, wanted)) judge(report, folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

int main(int count, char **arguments)
{
    static const char *const suites[] = {"node", "pytorch-operator", "pytorch-converted", "simple"};
    static Report report;
    snprintf(report.scratch, sizeof report.scratch, "/tmp/onnx-case-XXXXXX");
    if (count > 1 && strcmp(arguments[1], "-v") == 0) report.verbose = (arguments++, count--, true);
    const char *root = count > 1 ? arguments[1] : CASES;
    if (access(root, R_OK)) {
        printf("no cases in %s: install libonnx-testdata\n", root);
        return 77;
    }
    const int file = mkstemp(report.scratch);
    if (file < 0) return 1;
    close(file);
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        char folder[PATH / 2];
        snprintf(folder, sizeof folder, "%s/%s", root, suites[i]);
        judge_folder(&report, folder, count > 1 ? arguments + 2 : arguments + count);
    }
    unlink(report.scratch);
    print_report(&report);
    return report.verdicts[FAILED] > 0;
}
