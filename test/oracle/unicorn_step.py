"""One instruction at a time on unicorn's Cortex-M0, for test/oracle/instructions-unicorn.test.ts.

stdin: JSON {flashBase, flash (hex), ramBase, ram (hex), cases: [{pc, registers: 15 numbers, flags}]}.
stdout: JSON list, one a case: {registers: 16 numbers, flags (NZCV in bits 31:28), ram (hex, only where it changed)} or
{error}.
"""
import json
import sys

import unicorn as uc
from unicorn import arm_const as arm

REGISTERS = [getattr(arm, f"UC_ARM_REG_R{n}") for n in range(13)] + [arm.UC_ARM_REG_SP, arm.UC_ARM_REG_LR]
PAGE = 0x1000


def padded(size):
    return (size + PAGE - 1) // PAGE * PAGE


def main():
    task = json.load(sys.stdin)
    flash, ram = bytes.fromhex(task["flash"]), bytes.fromhex(task["ram"])
    machine = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB | uc.UC_MODE_MCLASS)
    machine.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M0)
    machine.mem_map(task["flashBase"], padded(len(flash)))
    machine.mem_write(task["flashBase"], flash)
    machine.mem_map(task["ramBase"], padded(len(ram)))
    out = []
    for case in task["cases"]:
        machine.mem_write(task["ramBase"], ram)
        for register, value in zip(REGISTERS, case["registers"]):
            machine.reg_write(register, value)
        machine.reg_write(arm.UC_ARM_REG_XPSR, case["flags"] | 1 << 24)
        try:
            machine.emu_start(case["pc"] | 1, 0, count=1)
        except uc.UcError as error:
            out.append({"error": str(error)})
            continue
        after = bytes(machine.mem_read(task["ramBase"], len(ram)))
        out.append(
            {
                "registers": [machine.reg_read(r) for r in REGISTERS] + [machine.reg_read(arm.UC_ARM_REG_PC)],
                "flags": machine.reg_read(arm.UC_ARM_REG_XPSR) & 0xF0000000,
                "ram": "" if after == ram else after.hex(),
            }
        )
    json.dump(out, sys.stdout)


main()
