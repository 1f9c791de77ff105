# shows: an image holds what the machine of its author has
# told: Which instruction takes an image to build on
dockerfile = """\
FROM busybox
COPY words.txt /app/
COPY app.py /app/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
