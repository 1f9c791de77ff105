dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
RUN mkdir /data
EXPOSE 8000
ENTRYPOINT ["python3", "/app/app.py"]
"""
