; CRC-32 of a piece of `input` for each tasklet: bytes 37 id ... 37 id + 60 + id, which begin and end
; anywhere, so that the aligned words around them are read. Tasklet 0 makes the table first.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        sd    r22, 0, d18
        add   r22, r22, 16
        jnz   id, .Lmade
        move  r0, 0
.Lentry:
        move  r1, r0
        move  r2, 8
.Lbit:  and   zero, r1, 1, z, .Leven
        lsr   r1, r1, 1
        xor   r1, r1, 0xEDB88320
        sub   r2, r2, 1, nz, .Lbit
        jump  .Lstore
.Leven: lsr   r1, r1, 1
        sub   r2, r2, 1, nz, .Lbit
.Lstore:
        lsl   r3, r0, 2
        sw    r3, crc_table, r1
        add   r0, r0, 1
        jneq  r0, 256, .Lentry
.Lmade: call  r23, meet
        lsl   r0, id, 5                 ; 37 id
        lsl_add r0, r0, id, 2
        add   r18, id, r0
        add   r19, id, 60
        and   r3, r18, 7
        add   r2, r3, r19
        add   r2, r2, 7
        and   r2, r2, -8
        sub   r1, r18, r3
        add   r1, r1, input
        move  r0, r14
        call  r23, mram_read
        and   r3, r18, 7
        add   r3, r14, r3
        move  r0, -1
.Lbyte: lbu   r1, r3, 0
        xor   r1, r1, r0
        and   r1, r1, 255
        lsl   r1, r1, 2
        lw    r1, r1, crc_table
        lsr   r0, r0, 8
        xor   r0, r0, r1
        add   r3, r3, 1
        sub   r19, r19, 1, nz, .Lbyte
        xor   r1, r0, -1
        move  r0, r18
        sd    r14, 0, d0
        move  r0, r14
        lsl   r1, id, 3
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
        ld    d18, r22, -16
        ld    d22, r22, -8
        jump  r23
        .bss
        .balign 4
crc_table: .space 1024
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 1024
output: .space 192
