/* The first program of a container under PRoot, see tinyinit.py.
   Its arguments: its own name, a file to execute, and that program's own arguments.
   At descriptor 3 it tells numbers of 4 bytes: its child's process id, then how the child ended
   (a wait status); a negative one is the error that executing the file gave. */
    .globl _start
_start:
    mov x19, sp
    mov x0, #17                 // clone(SIGCHLD)
    mov x1, #0
    mov x2, #0
    mov x3, #0
    mov x4, #0
    mov x8, #220
    svc #0
    cbz x0, child
    mov w20, w0
    mov x0, #-1                 // rt_sigprocmask(SIG_BLOCK, all of them, 0, 8)
    str x0, [sp, #-16]!
    mov x0, #0
    mov x1, sp
    mov x2, #0
    mov x3, #8
    mov x8, #135
    svc #0
    str x20, [sp, #-16]!
    bl tell
wait:
    mov x0, #-1                 // wait4(-1, sp, 0, 0)
    mov x1, sp
    mov x2, #0
    mov x3, #0
    mov x8, #260
    svc #0
    cmp w0, w20
    b.ne wait
    bl tell
    mov x0, #0
    b exit
tell:                           // write(3, the number on top of the stack, 4)
    mov x0, #3
    mov x1, sp
    mov x2, #4
    mov x8, #64
    svc #0
    ret
child:
    mov x0, #3                  // fcntl(3, F_SETFD, FD_CLOEXEC)
    mov x1, #2
    mov x2, #1
    mov x8, #25
    svc #0
    ldr x0, [x19, #16]          // execve(argv[1], &argv[2], environment)
    add x1, x19, #24
    ldr x2, [x19]
    add x2, x19, x2, lsl #3
    add x2, x2, #16
    mov x8, #221
    svc #0
    str x0, [sp, #-16]!         // the negative error number
    bl tell
    mov x0, #127
exit:
    mov x8, #94                 // exit_group(x0)
    svc #0
