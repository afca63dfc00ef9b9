"""What a probe saw, as text."""

from __future__ import annotations

from perftui.engine.around.probe import ProbedOperation, ProbeResult
from perftui.model.units import format_bytes, format_ms
from perftui.report.tables import cut

WIDTH = 80
_SHOWN_BODY_LINES = 12
_SHOWN_BODY_CELLS = 400


def probe_text(result: ProbeResult) -> str:
    """Every exchange: request, response, times, checks, captures; then how many hold."""
    blocks = [_operation(operation) for operation in result.operations]
    held = sum(not operation.problem for operation in result.operations)
    blocks.append([f"{held} of {len(result.operations)} operations are as expected"])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _operation(operation: ProbedOperation) -> list[str]:
    group = f" · {operation.group}" if operation.group else ""
    title = f"{'✗' if operation.problem else '✓'} {operation.name}{group} "
    lines = [title + "─" * max(0, WIDTH - len(title))]
    lines += _block(">", operation.request_head) + _block(
        ">", operation.request_body, after=bool(operation.request_body)
    )
    lines += _block("<", operation.response_head)
    body = operation.body_start.splitlines()
    lines += _block("<", "\n".join(cut(line, _SHOWN_BODY_CELLS) for line in body[:_SHOWN_BODY_LINES]), after=bool(body))
    if len(body) > _SHOWN_BODY_LINES or operation.is_body_cut:
        lines.append(f"  < … {format_bytes(operation.body_bytes)} in all")
    if operation.times_ms:
        lines.append(
            "  times    "
            + " · ".join(f"{n.replace('_', ' ')} {format_ms(ms)} ms" for n, ms in operation.times_ms.items())
        )
    for check in operation.checks:
        detail = f": {check.detail}" if check.detail else ""
        lines.append(f"  {'✓' if check.holds else '✗'} check  {check.name}{detail}")
    lines += [f"  captured {name} = {value}" for name, value in operation.captures.items()]
    if operation.problem:
        lines.append(f"  problem  {operation.problem}")
    return lines


def _block(mark: str, text: str, *, after: bool = False) -> list[str]:
    lines = [f"  {mark} {line}".rstrip() for line in text.splitlines()]
    return [f"  {mark}", *lines] if after else lines
