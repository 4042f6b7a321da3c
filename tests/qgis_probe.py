"""Run by QGIS's own Python: opens a project, says what it found as JSON, draws it."""

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize

project_path, database, picture = sys.argv[1:4]
QgsApplication.setPrefixPath("/usr", True)
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
opened = project.read(project_path)


def describe(layer):
    if layer is None:
        return {"name": "", "valid": False, "aliases": {}}
    renderer = layer.renderer()
    found = {
        "name": layer.name(),
        "valid": layer.isValid(),
        "count": layer.featureCount(),
        "renderer": renderer.type() if renderer else "",
        "geometry": layer.geometryType(),
        "aliases": {field.name(): layer.attributeAlias(k) for k, field in enumerate(layer.fields())},
        "crs": layer.crs().authid(),
    }
    if found["renderer"] == "categorizedSymbol":
        found["classes"] = [category.label() for category in renderer.categories()]
        known = {category.value() for category in renderer.categories()}
        place = layer.fields().indexOf(renderer.classAttribute())
        found["unstyled"] = (
            sorted({str(v) for v in layer.uniqueValues(place)} - known) if place >= 0 else ["?"]
        )
    return found


tree = project.layerTreeRoot()
styled = QgsVectorLayer(f"{database}|layername=sites_point", "x", "ogr")
styled.loadDefaultStyle()
result = {
    "opened": opened,
    "title": project.title(),
    "crs": project.crs().authid(),
    "groups": [group.name() for group in tree.findGroups()],
    "layers": [describe(layer.layer()) for layer in tree.findLayers()],
    "default_style": describe(styled),
    "styles": styled.listStylesInDatabase()[0],
}
settings = QgsMapSettings()
settings.setLayers([layer for layer in tree.layerOrder() if tree.findLayer(layer.id()).isVisible()])
settings.setDestinationCrs(project.crs())
settings.setOutputSize(QSize(1400, 1100))
extent = QgsRectangle(project.viewSettings().defaultViewExtent())
settings.setExtent(extent if not extent.isEmpty() else project.viewSettings().fullExtent())
if len(sys.argv) > 4:
    settings.setExtent(QgsRectangle(*map(float, sys.argv[4].split(","))))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
job.renderedImage().save(picture)
sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
sys.stdout.flush()
os._exit(0)  # taking QGIS apart in order crashes it, and nothing is left to be saved
