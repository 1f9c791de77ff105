# shows: a port that a program uses is known to the engine
# told: EXPOSE 8000
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
CMD ["python3", "/app/app.py"]
"""
