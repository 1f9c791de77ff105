dockerfile = """\
# what changes least comes first
FROM python:3-slim
EXPOSE 8000 8001
WORKDIR /app
ADD words.txt ./
ADD app.py ./
HEALTHCHECK --interval=1s CMD true
CMD [ "python3", "/app/app.py" ]
"""
