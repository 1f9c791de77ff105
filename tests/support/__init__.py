"""Shared modules of the tests.

real/               parts from Debian: busybox image, another suite's engine, namespace init
engines             real dockerd, real Podman and the embedded engine, as context managers
missing             Missing real parts: skip, or failure in CI
ordinary            the ordinary user who runs the tests' programs
patience            limits of waits, in seconds
caller              requests to one engine in one API version
api_tour            a broad tour of the Engine API
recorder            a proxy that records an engine's answers
openapi             judgement of answers by Docker's OpenAPI descriptions
openapi_schema      Swagger schemas to JSON schemas, JSON bodies to documents
openapi_tolerances  deviations of real daemons from their descriptions
driven              a container runtime in a separate process
runtime_driver      the program of that process
without_namespaces  a program: runs a command under Docker's limits
made_images         small images with any layers and settings
registries          a real registry and a fake one
newcomer            a fresh copy of the course, an empty HOME, a terminal
jupyterlab          JupyterLab in a browser
axe                 axe-core's accessibility findings
small_class         a small class with submissions and their points
"""
