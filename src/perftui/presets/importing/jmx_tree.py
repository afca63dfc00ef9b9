"""JMeter's test plans as a tree of elements, each with what stands below it."""

from __future__ import annotations

from msgspec import Struct

from perftui.presets.safe_xml import read_xml

_MOST_ELEMENTS = 200_000
_PROPERTIES = {"stringProp", "boolProp", "intProp", "longProp", "doubleProp", "floatProp"}


class Element(Struct):
    """One element: a sampler, a controller, a timer, or a part of one."""

    tag: str
    name: str = ""
    """Of a property: which one. Of an element: what it is called."""
    is_on: bool = True
    values: dict[str, str] = {}
    parts: list[Element] = []
    """Elements and collections inside of it, and texts of a collection."""
    text: str = ""
    below: list[Element] = []
    """Elements of the branch that follows it."""

    def get(self, name: str, default: str = "") -> str:
        """A property."""
        return self.values.get(name, default)

    def is_set(self, name: str) -> bool:
        """Whether a property is true."""
        return self.values.get(name, "").strip().lower() == "true"

    def part(self, name: str) -> Element:
        """A part of it by its name; an empty one when there is none."""
        return next((part for part in self.parts if part.name == name), Element(tag=""))


def read_plan(text: str) -> list[Element]:
    """The elements at the top of a plan, those that are switched off left out.

    Raises:
        ValueError: no XML, or too large.
    """
    reader = _Reader()
    read_xml(text, reader.start, reader.end, reader.characters)
    return reader.top


class _Reader:
    def __init__(self) -> None:
        self.top: list[Element] = []
        self._open: list[Element] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS:
            raise ValueError(f"more than {_MOST_ELEMENTS:,} elements")
        is_property = tag in _PROPERTIES or tag in {"elementProp", "collectionProp"}
        name = attributes.get("name", "") if is_property else attributes.get("testname", "")
        self._open.append(Element(tag=tag, name=name, is_on=attributes.get("enabled", "true") != "false"))

    def characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def end(self, _tag: str) -> None:
        element = self._open.pop()
        outer = self._open[-1] if self._open else None
        if outer is None:
            self.top += element.below or [element]
        elif element.tag == "hashTree":
            # A branch belongs to the element before it; the first one to what it stands in.
            owner = outer.below[-1] if outer.below else outer
            owner.below += [one for one in element.below if one.is_on]
        elif outer.tag in {"hashTree", "jmeterTestPlan"}:
            outer.below.append(element)
        elif element.tag in _PROPERTIES and outer.tag != "collectionProp":
            outer.values[element.name] = element.text
        else:
            outer.parts.append(element)
