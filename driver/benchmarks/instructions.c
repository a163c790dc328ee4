/* A plugin for qemu-user that counts the instructions of a program and prints the sum.
 *
 *     cc -shared -fPIC -O2 -o instructions.so instructions.c
 *     qemu-arm -plugin ./instructions.so PROGRAM
 *
 * Debian 12 packages a qemu-user that takes plugins, without plugins and without their header,
 * so what is used of it is declared here (QEMU's "TCG plugins" interface). Debian 13's qemu-user
 * takes none. QEMU since 9.0 wants -DINTERFACE=2. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifndef INTERFACE
#define INTERFACE 1
#endif

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum registers { NONE };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *, void (*)(unsigned int, void *), enum registers, void *);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);

__attribute__((visibility("default"))) int qemu_plugin_version = INTERFACE;

static uint64_t sum;

static void executed(unsigned int cpu, void *instructions)
{
    (void)cpu;
    sum += (uintptr_t)instructions;
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    void *instructions = (void *)qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NONE, instructions);
}

static void ended(plugin_id id, void *nothing)
{
    (void)id;
    (void)nothing;
    fprintf(stderr, "instructions %" PRIu64 "\n", sum);
}

__attribute__((visibility("default"))) int qemu_plugin_install(
    plugin_id id, const void *target, int count, char **arguments)
{
    (void)target;
    (void)count;
    (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
