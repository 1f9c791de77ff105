# shows: a port that a program uses is known to the engine
# told: notes a port down
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
CMD ["python3", "/app/app.py"]
"""
