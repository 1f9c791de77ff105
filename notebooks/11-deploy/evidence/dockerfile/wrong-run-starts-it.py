# shows: RUN says what a container does when it starts
# told: the command of python:3-slim itself
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
EXPOSE 8000
RUN ["python3", "-c", "import sys"]
"""
