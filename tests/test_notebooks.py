"""Every notebook runs, from its own folder and from the root, and is stored without outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: What a notebook's metadata may ask for under "needs": the fixture of that name, which skips where it is absent.
NEEDS = (None, "mirror")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path: Path) -> None:
    import nbformat

    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_has_an_id_and_the_first_cells_say_what_is_needed(path: Path) -> None:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    ids = [cell.get("id") for cell in notebook.cells]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    needs = notebook.metadata.get("needs")
    assert needs in NEEDS
    if needs == "mirror":
        assert any("JUDGEKIT_MIRROR" in cell.source for cell in notebook.cells[:3])


@pytest.mark.door
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("folder", ["notebooks", "."])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(
    path: Path, folder: str, home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    if notebook.metadata.get("needs") == "mirror":
        # absolute, because the notebook has another working folder
        monkeypatch.setenv("JUDGEKIT_MIRROR", str(request.getfixturevalue("mirror")))
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / folder)}})
    client.execute()
    texts = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    assert texts
