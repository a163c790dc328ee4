/* A plugin for qemu-user that counts the instructions of a program, where others can read them at any time.
 *
 *     cc -shared -fPIC -O2 -o instructions.so instructions.c
 *     truncate --size=8192 FILE
 *     qemu-arm -plugin ./instructions.so,counts=FILE PROGRAM
 *
 * The file, which has to be there, has a 64-bit number for each thread; their sum is what all of them executed.
 *
 * Debian 12 packages a qemu-user that takes plugins, without plugins and without their header,
 * so what is used of it is declared here (QEMU's "TCG plugins" interface). Debian 13's qemu-user
 * takes none. QEMU since 9.0 wants -DINTERFACE=2. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#ifndef INTERFACE
#define INTERFACE 1
#endif
#define THREADS 1024

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum registers { NONE };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *, void (*)(unsigned int, void *), enum registers, void *);

__attribute__((visibility("default"))) int qemu_plugin_version = INTERFACE;

/* Each thread has its own, so that none is lost when two count at once. */
static uint64_t *counts;

static void executed(unsigned int thread, void *instructions)
{
    counts[thread % THREADS] += (uintptr_t)instructions;
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    void *instructions = (void *)qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NONE, instructions);
}

__attribute__((visibility("default"))) int qemu_plugin_install(
    plugin_id id, const void *target, int count, char **arguments)
{
    (void)target;
    if (count != 1 || strncmp(arguments[0], "counts=", 7))
        return 1;
    int file = open(arguments[0] + 7, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return 1;
    counts = mmap(NULL, THREADS * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counts == MAP_FAILED)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
