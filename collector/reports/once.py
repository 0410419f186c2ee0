"""What an object works out once, when it is first asked."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

V = TypeVar("V")


class once(Generic[V]):  # noqa: N801  it reads as what it is: a decorator
    """`functools.cached_property`, as it is from Python 3.12 on. That of 3.11 has one lock for all objects of a class:
    a report of a year would make every page that shows another report wait."""

    def __init__(self, make: Callable[[Any], V]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, one: None, _owner: type) -> Self: ...
    @overload
    def __get__(self, one: object, _owner: type) -> V: ...
    def __get__(self, one: object | None, _owner: type) -> Self | V:
        if one is None:
            return self
        value = one.__dict__[self._name] = self._make(one)
        return value
