; Start-up in the shape of a vendor executable: tasklet 0 opens all locks, each tasklet boots the
; next one, takes its stack from a table and calls main. Stacks grow upwards.
        .section .text.__bootstrap, "ax"
        .globl __bootstrap
        .type __bootstrap, @function
__bootstrap:
        jnz   id, __sys_start_thread
        sd    zero, __sys_heap, 0
        move  r23, __sys_last_lock
1:      jlts  r23, 0, __sys_start_thread
        release r23, 0, nz, 2f
2:      add   r23, r23, -1, true, 1b
__sys_start_thread:
        jeq   id, NTASKLETS - 1, 3f
        boot  id, 1
3:      ld    d22, id8, __SP_TABLE__
        call  r23, main
__sys_end:
        stop  true, __sys_end

        .section .data.__sys_host, "aw"
        .balign 8
        .globl __sys_heap
__sys_heap: .quad 0                     ; bytes of the heap given away
        .globl __SP_TABLE__
__SP_TABLE__:                           ; lower word to r23, upper word, the stack, to r22
        .word 0, __sys_stacks, 0, __sys_stacks + 256, 0, __sys_stacks + 512
        .word 0, __sys_stacks + 768, 0, __sys_stacks + 1024, 0, __sys_stacks + 1280
        .word 0, __sys_stacks + 1536, 0, __sys_stacks + 1792, 0, __sys_stacks + 2048
        .word 0, __sys_stacks + 2304, 0, __sys_stacks + 2560, 0, __sys_stacks + 2816
        .word 0, __sys_stacks + 3072, 0, __sys_stacks + 3328, 0, __sys_stacks + 3584
        .word 0, __sys_stacks + 3840, 0, __sys_stacks + 4096, 0, __sys_stacks + 4352
        .word 0, __sys_stacks + 4608, 0, __sys_stacks + 4864, 0, __sys_stacks + 5120
        .word 0, __sys_stacks + 5376, 0, __sys_stacks + 5632, 0, __sys_stacks + 5888
        .section .data.stacks, "aw"
        .balign 8
        .globl __sys_stacks
__sys_stacks: .space 24 * 256

        .section .atomic, "aw"
__sys_locks: .space 16
        .equ  __sys_last_lock, 15
