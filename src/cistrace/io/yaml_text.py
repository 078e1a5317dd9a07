"""YAML as plain values, whatever the text was made to do."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

MOST_CHARACTERS = 1 << 18  # PyYAML reads some 100,000 a second
_DEEPEST = 50  # what is within one another; PyYAML's time rises with its square
_LARGEST = 1 << 63  # of a whole number; Python refuses to print those of more than 4,300 digits


def parse_yaml(text: str) -> Any:
    """The value of a YAML text. JSON is YAML.

    Raises
    ------
    ValueError
        It is no YAML; it names a key twice, of which YAML's readers keep the last without a word; it holds an alias, by
        which a few lines stand for gigabytes, or a whole number beyond 64 bits; over `MOST_CHARACTERS` characters.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"over {MOST_CHARACTERS:,} characters long; leave out what is no setting")
    try:
        return yaml.load(text, Loader=_Loader)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).replace('in "<unicode string>", ', "at ").split())) from error
    except (LookupError, TypeError, AttributeError, OverflowError) as error:  # what PyYAML makes of `!!bool maybe`
        raise ValueError(f"a value is not of the type it is said to be ({type(error).__name__})") from error


class _Loader(yaml.SafeLoader):
    """Makes plain values alone."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            told = f"found the alias *{event.anchor}; write it out"
            raise yaml.composer.ComposerError(None, None, told, event.start_mark)
        if self.depth > _DEEPEST:
            raise yaml.composer.ComposerError(None, None, "nested too deeply", self.peek_event().start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                break  # refused below
            if key in seen:
                told = f"found the key {key!r} twice; leave one out"
                raise yaml.constructor.ConstructorError(None, None, told, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    value = int(loader.construct_yaml_int(node))
    if abs(value) > _LARGEST:
        raise yaml.constructor.ConstructorError(None, None, "found a whole number beyond 64 bits", node.start_mark)
    return value


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
