"""What can be asked for, by its keyword and by its name for people."""

from __future__ import annotations

QUANTITIES = {
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "hvp": "HVP",
    "jmp": "JMP",
    "mjp": "MJP",
}
