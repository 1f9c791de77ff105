# shows: WORKDIR moves the files that are copied elsewhere
# told: /app/app.py in the image
dockerfile = """\
FROM python:3-slim
WORKDIR /app
COPY words.txt /srv/
COPY app.py /srv/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
