"""Pictures drawn from a live engine: what is there now, as SVG and as text with the same facts.

    lab.pictures.layers(engine, "nginx", "registry:2")
    lab.pictures.life_cycle(engine, "web")
    lab.pictures.networks(engine)
    lab.pictures.architecture(calls)

One module for each picture; `drawing` below them writes the SVG and knows nothing of engines.

    architecture  the parts of an engine, and those that calls touched
    layers        the layers of images, and those that images share
    life_cycle    a container's states, and its present one
    networks      networks with their containers, addresses and published ports
"""

from insidedocker.lab.pictures.architecture import architecture, parts_of
from insidedocker.lab.pictures.drawing import Picture
from insidedocker.lab.pictures.layers import layers
from insidedocker.lab.pictures.life_cycle import life_cycle
from insidedocker.lab.pictures.networks import networks

__all__ = ["Picture", "architecture", "layers", "life_cycle", "networks", "parts_of"]
