"""Arithmetic over activities: text such as `HepG2 - max(K562, WTC11)`, read without being run as Python.

Numbers, names of cell types (in quotation marks where they are no words of Python), `+ - * /`, and the functions
`min`, `max`, `mean`, `abs`. Only what holds no cell type may divide. One evaluation serves arrays and gradients: it
computes on tensors.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.errors import CellTypeError, InputError

LONGEST, DEEPEST = 1000, 200  # characters; operations within one another
FORM = "cell types and numbers joined by + - * /, with min, max, mean, abs"

_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def _mean(values: list[Tensor]) -> Tensor:
    return reduce(torch.add, values) / len(values)


_FUNCTIONS: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "min": lambda values: reduce(torch.minimum, values),
    "max": lambda values: reduce(torch.maximum, values),
    "mean": _mean,
    "abs": lambda values: values[0].abs(),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the text."""

    value: float


@dataclass(frozen=True, slots=True)
class Activity:
    """The activity in a cell type."""

    cell_type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two values joined by one of `+ - * /`."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one value or several."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Activity | Operation | Call


def parse_expression(text: str, known: tuple[str, ...]) -> Node:
    """The tree of an expression.

    Parameters
    ----------
    text : str
    known : tuple of str
        Cell types of the model; names are taken in any spelling of `canonical_cell_types`.

    Raises
    ------
    InputError
        Anything but such an expression, or one without a cell type.
    CellTypeError
        A cell type that the model does not know.
    """
    if not text.strip():
        raise InputError(f"objective: found empty text, expected {FORM}; write one, or leave it out")
    if len(text) > LONGEST:
        raise InputError(f"objective: {len(text):,} characters long, expected at most {LONGEST:,}; shorten it")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "too deeply nested or no text"
        raise InputError(f"objective {short(text)}: cannot be read ({reason}); expected {FORM}") from None
    if _depth(tree) > DEEPEST:
        raise InputError(f"objective {short(text)}: over {DEEPEST} operations within one another; simplify it")
    node = _node(tree, known)
    if not any(True for _ in activities_in(node)):
        raise InputError(f"objective {short(text)}: names no cell type, expected one of {', '.join(known)}; name one")
    return node


def short(text: str) -> str:
    """Text in quotation marks for a message, cut where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:60]}...")


def _depth(tree: ast.expr) -> int:
    """How many levels a tree has."""
    level: list[ast.AST] = [tree]
    depth = 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth


def _node(found: ast.expr, known: tuple[str, ...]) -> Node:
    match found:
        case ast.Constant(value=bool() | complex()):
            pass
        case ast.Constant(value=int() | float() as value) if abs(value) < 1e300 and math.isfinite(value):
            return Number(float(value))
        case ast.Constant(value=str() as name) | ast.Name(id=name):
            return Activity(_cell_type(name, known))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Operation("-", Number(0.0), _node(operand, known))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _node(operand, known)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return _operation(_SIGNS[type(op)], _node(left, known), _node(right, known))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            if not arguments or (name == "abs" and len(arguments) > 1):
                expected = "one value" if name == "abs" else "at least one value"
                raise InputError(f"objective: {name} of {len(arguments)} values, expected {expected}; mend it")
            return Call(name, tuple(_node(argument, known) for argument in arguments))
    raise InputError(f"objective: found {short(ast.unparse(found))}, expected {FORM}; mend it")


def _cell_type(name: str, known: tuple[str, ...]) -> str:
    (found, *others) = canonical_cell_types((name,), known)
    if others:
        raise CellTypeError(f"objective: found {name!r}, expected a single cell type of {', '.join(known)}; name one")
    return found


def _operation(sign: str, left: Node, right: Node) -> Operation:
    if sign == "/":
        if any(True for _ in activities_in(right)):
            raise InputError("objective: divides by an activity, expected a number below the line; rewrite it")
        if float(value_of(right, {}, torch.zeros((), dtype=torch.float64))) == 0:
            raise InputError("objective: divides by 0, expected another number; mend it")
    return Operation(sign, left, right)


def activities_in(node: Node) -> Iterator[str]:
    """Cell types that a tree names, from left to right, as often as it does."""
    match node:
        case Activity(name):
            yield name
        case Operation(_, left, right):
            yield from activities_in(left)
            yield from activities_in(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from activities_in(argument)


def value_of(node: Node, activities: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """What an expression comes to.

    Parameters
    ----------
    activities : mapping
        A tensor (N,) of every cell type that the tree names.
    like : Tensor
        Its type and device are those of numbers.

    Returns
    -------
    Tensor, shape (N,), or () where the tree names no cell type
    """
    match node:
        case Number(value):
            return like.new_tensor(value)
        case Activity(name):
            return activities[name]
        case Call(function, arguments):
            return _FUNCTIONS[function]([value_of(argument, activities, like) for argument in arguments])
        case Operation(sign, left, right):
            return _joined(sign, value_of(left, activities, like), value_of(right, activities, like))


def _joined(sign: str, left: Tensor, right: Tensor) -> Tensor:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right
