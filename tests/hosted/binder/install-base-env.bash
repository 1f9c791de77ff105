#!/bin/bash
# In place of repo2docker's script of this name: a virtual environment filled by pip, with the
# versions of repo2docker's own lock, from wheels that lie in the base image.
set -e
mkdir -p "$CONDA_DIR/bin"
ln -s /usr/local/bin/micromamba "$CONDA_DIR/bin/mamba"
/opt/python3.12/bin/python3.12 -m venv "$NB_PYTHON_PREFIX"
"$NB_PYTHON_PREFIX/bin/pip" install --quiet -r /srv/base-requirements.txt
chown -R "$NB_USER:$NB_USER" "$CONDA_DIR"
