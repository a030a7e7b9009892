"""A loop that asks for the full pages of one series, one after the other, and throws their bytes away."""

import httpx

from benchmarks.measure import Job, Task, report

PAGE = 100_000

job = Job.of_process()
client = httpx.Client(base_url=f"{job.base_url}/api/v1/projects/{job.project}", headers={"api-key": job.key})


def pages() -> list[dict[str, object]]:
    """The requests: where each page begins is known beforehand here."""
    block = job.scenario.block
    begins = block.times(0)[::PAGE].tolist()
    spans = zip(begins, [*begins[1:], block.end], strict=True)
    return [{"items": [{"externalId": block.names[0], "start": a, "end": b, "limit": PAGE}]} for a, b in spans]


def discard(bodies: list[dict[str, object]]) -> int:
    """Ask for all pages; the bytes that came."""
    size = 0
    for body in bodies:
        with client.stream(
            "POST", "/timeseries/data/list", json=body, headers={"accept": "application/protobuf"}
        ) as answer:
            answer.raise_for_status()
            for part in answer.iter_raw():
                size += len(part)
    return size


if __name__ == "__main__":
    discard(pages()[:1])
    task = Task(run=discard, check=lambda size: (0, float(size)), prepare=pages)
    report(job, task)
