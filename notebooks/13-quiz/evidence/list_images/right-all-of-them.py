list_images = quiz.short(
    "list_images",
    "Which docker command lists the images that your engine has? Type the whole command.",
)
list_images.answer("`docker images -a`")
list_images
