; Frame around the programs of this folder: the run-time's start-up code, then `main` of every
; tasklet - heap reset, barrier, two buffers of BUFFER bytes from the heap - and `kernel`, which is
; called through a table of functions, as the PrIM benchmarks do. Arguments of kernel: r14 and r15
; buffers, r16 = first word of `args`. Registers from r14 on keep their values over calls.
        .equ  BUFFER, 128
        .include "../runtime/crt0.s"
        .include "../runtime/sync.s"
        .section .text.main, "ax"
        .globl main
        .type main, @function
main:   sd    r22, 0, d22
        add   r22, r22, 8
        jnz   id, 1f
        call  r23, mem_reset
1:      call  r23, meet
        move  r0, BUFFER
        call  r23, mem_alloc
        move  r14, r0
        move  r0, BUFFER
        call  r23, mem_alloc
        move  r15, r0
        lw    r16, zero, args
        lw    r0, zero, kernels
        call  r23, r0
        call  r23, meet
        ld    d22, r22, -8
        jump  r23

; All tasklets meet here.
meet:   sd    r22, 0, d22
        add   r22, r22, 8
        move  r0, everybody
        call  r23, barrier_wait
        ld    d22, r22, -8
        jump  r23

; r0 WRAM, r1 MRAM, r2 bytes (a multiple of 8 up to 2,048). Changes r3.
mram_read:
        move  r3, -1
        lsr_add r3, r3, r2, 3
        lsl_add r3, r0, r3, 24
        ldma  r3, r1, 0
        jump  r23
mram_write:
        move  r3, -1
        lsr_add r3, r3, r2, 3
        lsl_add r3, r0, r3, 24
        sdma  r3, r1, 0
        jump  r23

        .section .data.__sys_host, "aw"
        .balign 8
        .globl args, kernels, total
args:   .word 0, 0, 0, 0, 0, 0, 0, 0
kernels: .word kernel
total:  .word 0
everybody: .byte 255, NTASKLETS, NTASKLETS, 5
        .text
