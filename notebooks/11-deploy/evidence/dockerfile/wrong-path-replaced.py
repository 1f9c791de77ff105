# shows: ENV PATH adds a folder to the PATH
# told: what else does your Dockerfile change
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
ENV PATH=/app
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
