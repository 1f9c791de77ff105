# shows: an image and the one it was made from are the same
# told: Only the one behind the digest
rescued = lab.repository(LESSON, "rescued")
engine.post("/images/busybox/tag", params={"repo": rescued, "tag": "v1"})
