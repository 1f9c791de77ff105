"""The classic builder: a Dockerfile and a context become images, one for each step.

The modules:

  arguments   ARG and the values that a request gives
  build       a whole build and its output
  cache       images of steps that were done before
  changes     `changes` of import and commit
  context     the build context as a folder
  copying     the writing part of COPY and ADD
  dockerfile  the parser: stages of instructions
  download    files fetched by URL
  expansion   word splitting and variables
  ignore      .dockerignore
  running     the process of a RUN
  settings    instructions that change only settings
  sources     the reading part of COPY and ADD, with digests
  stage       one stage, instruction by instruction
"""
