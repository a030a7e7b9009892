"""Sections on what becomes of links when what they lead to is deleted."""

from typing import Any

from tests.conformance.sdk_dialect import IS_2, class_of, client, column_to_write, section


def made(family: str, **fields: Any) -> Any:
    return class_of(family, "" if IS_2 else "Write")(**fields)


@section("links to assets that are deleted")
def _() -> Any:
    one, other = client.assets.create([made("assets", name=name, external_id=f"linked/{name}") for name in ("a", "b")])
    columns = [column_to_write({"external_id": "c"})]
    sequence = client.sequences.create(made("sequences", external_id="linked", asset_id=one.id, columns=columns))
    file, _ = client.files.create(made("files", external_id="linked", name="linked", asset_ids=[one.id, other.id]))
    client.assets.delete(id=one.id)
    later_sequence, later_file = client.sequences.retrieve(id=sequence.id), client.files.retrieve(id=file.id)
    seen = [
        [sequence.asset_id == one.id, later_sequence.asset_id],
        later_sequence.last_updated_time == sequence.last_updated_time,
        [file.asset_ids == [one.id, other.id], later_file.asset_ids == [other.id]],
        later_file.last_updated_time == file.last_updated_time,
    ]
    client.assets.delete(id=other.id)
    seen.append(client.files.retrieve(id=file.id).asset_ids or None)
    client.sequences.delete(id=sequence.id)
    client.files.delete(id=file.id)
    return seen
