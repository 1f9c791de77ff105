# shows: docker images is a group of commands
# told: begin with docker image
list_images = quiz.short(
    "list_images",
    "Which docker command lists the images that your engine has? Type the whole command.",
)
list_images.answer("docker images ls")
list_images
