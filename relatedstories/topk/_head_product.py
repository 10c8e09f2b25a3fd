"""The inner product of the heads of two embeddings, by vector instructions: compilers make half as good ones of a loop."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from relatedstories.topk.heads import HEAD

__all__ = ["head_product"]

_NARROW, _WIDE = ir.VectorType(ir.IntType(8), HEAD), ir.VectorType(ir.IntType(32), HEAD)


def _head_product(_context: Any, embeddings: Any, _row: Any, heads: Any, _other: Any) -> Any:
    return types.int32(embeddings, types.int64, heads, types.int64), _generate


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return the product in LLVM's code, whose vectors exist on every machine."""
    (matrix, _, other_matrix, _), (array, row, other_array, other) = signature.args, arguments
    product = builder.mul(_head(context, builder, matrix, array, row), _head(context, builder, other_matrix, other_array, other))
    add_up = ir.FunctionType(ir.IntType(32), [_WIDE])
    get_function: Any = cgutils.get_or_insert_function  # which has no types
    return builder.call(get_function(builder.module, add_up, f"llvm.vector.reduce.add.v{HEAD}i32"), [product])


def _head(context: Any, builder: Any, matrix: Any, array: Any, row: Any) -> Any:
    """Return the first `HEAD` numbers of a row of a matrix."""
    parts = context.make_array(matrix)(context, builder, array)
    start = builder.mul(row, builder.extract_value(parts.strides, 0))
    address = builder.gep(builder.bitcast(parts.data, ir.IntType(8).as_pointer()), [start])
    return builder.sext(builder.load(builder.bitcast(address, _NARROW.as_pointer()), align=1), _WIDE)


head_product: Any = intrinsic(_head_product)
"""Called in a compiled function with a matrix, a row number, another matrix and a row number there, both contiguous and of int8:
the inner product of the first `HEAD` numbers of the two rows."""
