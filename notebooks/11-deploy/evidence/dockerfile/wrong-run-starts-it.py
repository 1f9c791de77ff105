# shows: RUN says what a container does when it starts
# told: Write CMD|There is no CMD yet
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
EXPOSE 8000
RUN ["python3", "-c", "import sys"]
"""
