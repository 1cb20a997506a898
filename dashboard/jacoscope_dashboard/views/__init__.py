"""The tabs, one file each: thin, built once, and fed through streams."""

from __future__ import annotations

from ._advice import AdviceView as AdviceView
from ._code import CodeView as CodeView
from ._compare import CompareView as CompareView
from ._editor import EditorView as EditorView
from ._inside import InsideView as InsideView
from ._jacobian import JacobianView as JacobianView
from ._lessons import LessonsView as LessonsView
from ._products import ProductsView as ProductsView
from ._scaling import ScalingView as ScalingView
from ._structure import StructureView as StructureView

__all__ = [
    "AdviceView",
    "CodeView",
    "CompareView",
    "EditorView",
    "InsideView",
    "JacobianView",
    "LessonsView",
    "ProductsView",
    "ScalingView",
    "StructureView",
]
